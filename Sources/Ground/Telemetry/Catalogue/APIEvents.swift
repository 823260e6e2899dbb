// SPDX-License-Identifier: Apache-2.0

import Logging

extension LogEvent {
    /// A client sent bytes that are no request that is taken; it got an answer that says why.
    package static func requestMalformed(_ reason: String) -> LogEvent {
        LogEvent("request.malformed", .debug, "A client sent something that is no request.", ["reason": "\(reason)"])
    }

    /// An answer broke off after its head; the connection was closed, so that nobody takes the part for the whole.
    package static func answerBroken(_ reason: String) -> LogEvent {
        LogEvent("answer.broken", .warning, "An answer broke off before its end.", ["reason": "\(reason)"])
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

    /// Another app asked for what `spec.accessControl` doesn't allow it.
    package static func invocationDenied(caller: String, operation: String, verb: String) -> LogEvent {
        LogEvent(
            "invocation.denied", .warning, "An app was denied a call by the access control.",
            ["caller": .string(caller), "operation": .string(operation), "verb": .string(verb)])
    }

    /// One call on the gRPC port; written only where the setting asks for it.
    package static func grpcCalled(path: String, code: String, duration: Duration) -> LogEvent {
        LogEvent(
            "api.grpc.called", .info, "The gRPC port was called.",
            ["path": "\(path)", "code": "\(code)", "duration": "\(duration)"])
    }
}
