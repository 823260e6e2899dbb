// SPDX-License-Identifier: Apache-2.0
#ifndef OUTRIGGER_CYAML_SHIM_H
#define OUTRIGGER_CYAML_SHIM_H

#include <yaml.h>

#endif
