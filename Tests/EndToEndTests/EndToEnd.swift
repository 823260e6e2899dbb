// SPDX-License-Identifier: Apache-2.0

import Testing

/// What a user sees of the release binary, tested as a black box; the suites are this type's extensions.
///
/// `./scripts/test` builds the binary and runs them. A plain `swift test` without one leaves them out and says why.
@Suite(.enabled(if: Binary.isWanted, "there is no release binary: run ./scripts/build first"), .timeLimit(.minutes(3)))
enum EndToEnd {}
