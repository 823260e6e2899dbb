// SPDX-License-Identifier: Apache-2.0

/// Whose doing an answer is.
package enum ExchangeOrigin: UInt8, Sendable, CaseIterable {
    /// The server's own answer, whatever it says.
    case application
    /// A server that didn't answer, or not in HTTP: it couldn't be reached, broke off or took too long (502, 504).
    case upstream
    /// This proxy: its routes, its limits, its faults, an answer of its own.
    case runtime
    /// The client: what it sent can't be read or taken (400, 408, 413, 414, 431), or it went away (499).
    case client

    package var name: StaticString {
        switch self {
        case .application: "application"
        case .upstream: "upstream"
        case .runtime: "runtime"
        case .client: "client"
        }
    }
}
