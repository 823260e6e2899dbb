// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import FoundationEssentials
import WireHTTP

/// The other ways in which a client names the app that it invokes.
extension RequestTarget {
    private static let header = "dapr-app-id"

    /// Makes an invocation of a target that names none, if its head does: by the field `dapr-app-id`, or as the
    /// password of a user `dapr-app-id`. The whole target is the callee's then.
    mutating func invoke(_ head: HTTPRequestHead) throws(Failure) {
        guard let app = head.fields[Self.header] ?? Self.basicPassword(head.fields["authorization"]), !app.isEmpty,
            head.target.hasPrefix("/")
        else { return }
        do { key = try InvokedTarget.resolved(Self.cleaned(head.target)) } catch { throw .encodingInvalid }
        route = .invoke
        name = app
    }

    /// Credentials that name the app are for this sidecar, not for the callee.
    func removeCredentials(from head: inout HTTPRequestHead) {
        if Self.basicPassword(head.fields["authorization"]) != nil { head.fields.remove("authorization") }
    }

    /// The password of `Basic` credentials (RFC 7617) whose user is `dapr-app-id`.
    private static func basicPassword(_ credentials: String?) -> String? {
        guard let credentials, credentials.prefix(6).lowercased() == "basic ",
            let data = Data(base64Encoded: String(credentials.dropFirst(6))),
            let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":"),
            text[..<colon] == header
        else { return nil }
        return String(text[text.index(after: colon)...])
    }
}

extension APIError {
    /// Dapr's answer to an invocation that has no answer of its callee.
    static func invocation(_ error: InvocationError) -> APIError {
        APIError(error.isDenied ? .forbidden : .internalServerError, "ERR_DIRECT_INVOKE", error.sentence)
    }
}
