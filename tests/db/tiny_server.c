/* The HTTP server of the unit tests, for tests here that need one as well. */
#include "unit/tiny_server.c"
