// SPDX-License-Identifier: Apache-2.0

internal import Core

/// The sidecar as a whole.
package enum Runtime {
    /// Runs until the app has exited or a signal came; returns the process's exit status.
    package static func run(_ invocation: Invocation) async -> Int32 { 0 }
}
