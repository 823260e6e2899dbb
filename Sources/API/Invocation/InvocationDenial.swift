// SPDX-License-Identifier: Apache-2.0

package import Telemetry
package import WireHTTP

/// A call that the access control doesn't allow.
package struct InvocationDenial: Sendable {
    /// What is shown of a path that was denied.
    private static let operationCharactersMax = 200

    let caller: String
    let operation: String
    let verb: String

    /// Dapr's words.
    package var sentence: String {
        "access control policy has denied access to id: \(caller) operation: \(operation) verb: \(verb)"
    }

    fileprivate init(_ caller: AccessControl.Caller?, _ method: HTTPMethod, target: String) {
        self.caller = caller.map { "\($0)" } ?? "nobody"
        operation = String(target.prefix { $0 != "?" }.prefix(Self.operationCharactersMax))
        verb = method.name
    }
}

extension AccessControl {
    /// Why a call isn't allowed; nil if it is. `field` gives the values of the caller's sidecar's fields.
    package func denial(
        of method: HTTPMethod, target: String, field: (String) -> String?
    ) -> InvocationDenial? {
        let caller = Caller(field)
        guard action(for: caller, method, target: target) == .deny else { return nil }
        return InvocationDenial(caller, method, target: target)
    }
}

extension AccessControl.Caller {
    /// Who calls, in the words of its sidecar; nil if that doesn't say it.
    fileprivate init?(_ field: (String) -> String?) {
        guard let appID = field(InternalField.callerAppID), let namespace = field(InternalField.callerNamespace)
        else { return nil }
        self.init(
            appID: appID, namespace: namespace,
            trustDomain: field(InternalField.callerTrustDomain) ?? AccessControl.trustDomainDefault)
    }
}

extension LogEvent {
    package static func invocationDenied(_ denial: InvocationDenial) -> LogEvent {
        .invocationDenied(caller: denial.caller, operation: denial.operation, verb: denial.verb)
    }
}
