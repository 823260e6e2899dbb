// SPDX-License-Identifier: Apache-2.0

import Testing

/// What a user sees of the release binary, tested as a black box; the suites are this type's extensions.
///
/// They run one after the other: a machine that is busy with a neighbour's test makes a poor judge of what is in time.
/// `./scripts/test` builds the binary and runs them. A plain `swift test` without one leaves them out and says why.
@Suite(
    .enabled(if: Binary.isWanted, "there is no release binary: run ./scripts/build first"), .serialized,
    .timeLimit(.minutes(3)))
enum EndToEnd {}
