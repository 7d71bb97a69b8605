/* The one place that asks what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_s(void);       /* seconds UTC since 1970 */
int64_t clock_ms(void);      /* milliseconds UTC since 1970 */
int64_t clock_mono_ms(void); /* milliseconds that never jump; for time limits */
int64_t clock_mono_us(void);

#endif
