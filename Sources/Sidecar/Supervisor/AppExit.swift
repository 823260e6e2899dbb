// SPDX-License-Identifier: Apache-2.0

/// How the app ended.
package enum AppExit: Sendable, Hashable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    /// The status with which a shell reports such an end, and with which the sidecar exits.
    package var processStatus: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let number): 128 + number
        }
    }

    package var isFailure: Bool { self != .code(0) }

    package var description: String {
        switch self {
        case .code(let code): "status \(code)"
        case .signal(let number): "signal \(number)"
        }
    }
}
