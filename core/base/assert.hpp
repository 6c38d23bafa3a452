// Programmer errors end the program, in release builds too: a balancer that runs on after one may
// answer for another host.
#pragma once

#include <cstdio>
#include <cstdlib>

#define NLB_ASSERT(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) [[unlikely]] {                                                           \
            std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)
