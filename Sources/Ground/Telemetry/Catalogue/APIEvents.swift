// SPDX-License-Identifier: Apache-2.0

package import Core
import Logging

extension LogEvent {
    /// A listener ended with an error; its port is free all the same.
    package static func listenerStoppedBadly(address: ListenAddress, error: any Error) -> LogEvent {
        LogEvent(
            "listener.stopped-badly", .warning, "The listener on \(address) ended with an error.",
            ["address": "\(address)", "error": "\(error)"])
    }

    /// A request could not be answered, which is a fault of this program.
    package static func requestFailed(method: String, error: any Error) -> LogEvent {
        LogEvent(
            "request.failed", .error, "A request could not be answered.", ["method": "\(method)", "error": "\(error)"])
    }

    /// One call of the HTTP API; written only where the setting asks for it.
    package static func apiCalled(method: String, path: String, status: Int, duration: Duration) -> LogEvent {
        LogEvent(
            "api.called", .info, "The API was called.",
            ["method": "\(method)", "path": "\(path)", "status": "\(status)", "duration": "\(duration)"])
    }
}
