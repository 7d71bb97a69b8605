/* What Ollama's two translators share. */
#ifndef LLM_OLLAMA_H
#define LLM_OLLAMA_H

#include "llm/llm.h"

#define OLLAMA "ollama"
#define OLLAMA_HOME "http://127.0.0.1:11434"

/* ollama_vectors.c */
extern const struct llm ollama_vectors;

#endif
