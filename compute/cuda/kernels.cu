// All kernels, as one image for a device.
#include "attention.h"
#include "float64.h"
#include "gemm.h"
#include "losses.h"
#include "moves.h"
#include "normalise.h"
#include "two_hot.h"
