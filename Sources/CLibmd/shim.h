/* libmd for Swift: SHA-256. */
#pragma once
#include <sys/types.h>
#include <sha2.h>
