// SPDX-License-Identifier: Apache-2.0

package import WireHTTP

/// Who may call what of an app, as Dapr's `spec.accessControl` says it.
///
/// A policy is one caller's. Of its operations the most specific one that matches the path counts, then the policy's
/// own default, then the default of all.
package struct AccessControl: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        case allow
        case deny
    }

    /// An app that calls, and what it may.
    package struct Policy: Sendable, Equatable {
        package var caller: Caller
        /// Nil: that of all.
        package var defaultAction: Action?
        package var operations: [Operation]

        package init(caller: Caller, defaultAction: Action?, operations: [Operation] = []) {
            self.caller = caller
            self.defaultAction = defaultAction
            self.operations = operations
        }
    }

    package struct Operation: Sendable, Equatable {
        package var pattern: OperationPattern
        /// Upper case; `*` for all. A verb that isn't here is left to the policy's default.
        package var verbs: [String]
        package var action: Action

        package init(pattern: OperationPattern, verbs: [String], action: Action) {
            self.pattern = pattern
            self.verbs = verbs
            self.action = action
        }
    }

    /// An app as its callees know it.
    package struct Caller: Sendable, Hashable, CustomStringConvertible {
        package var appID: String
        package var namespace: String
        package var trustDomain: String

        package init(appID: String, namespace: String, trustDomain: String = AccessControl.trustDomainDefault) {
            self.appID = appID
            self.namespace = namespace
            self.trustDomain = trustDomain
        }

        /// Dapr's name for it.
        package var description: String { "spiffe://\(trustDomain)/ns/\(namespace)/\(appID)" }
    }

    package static let trustDomainDefault = "public"

    package var defaultAction: Action
    /// What this app belongs to when it calls others.
    package var trustDomain: String
    private let policies: [Caller: Policy]

    package init(defaultAction: Action, trustDomain: String = trustDomainDefault, policies: [Policy] = []) {
        self.defaultAction = defaultAction
        self.trustDomain = trustDomain
        self.policies = Dictionary(policies.map { ($0.caller, $0) }) { first, _ in first }
    }

    /// What happens to a request; a caller that isn't known gets the default of all.
    ///
    /// - Parameter target: as the app would get it, with its query. A path that programs read in two ways is denied,
    ///   whoever calls.
    package func action(for caller: Caller?, _ method: HTTPMethod, target: String) -> Action {
        guard let path = OperationPath(target: target) else { return .deny }
        guard let caller, let policy = policies[caller] else { return defaultAction }
        let action = policy.defaultAction ?? defaultAction
        let matching = policy.operations.filter { $0.pattern.matches(path) }
        guard var operation = matching.first else { return action }
        for other in matching.dropFirst() where other.pattern.isMoreSpecific(than: operation.pattern, on: path) {
            operation = other
        }
        let isMeant = operation.verbs.contains("*") || operation.verbs.contains(method.name.uppercased())
        return isMeant ? operation.action : action
    }
}
