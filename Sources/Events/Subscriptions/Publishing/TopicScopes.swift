// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks

/// Which topics of a pub/sub component an app may use, as the component's metadata say in Dapr's keys:
/// `allowedTopics: a,b`, `protectedTopics: b`, `publishingScopes: app1=a,b;app2=`, `subscriptionScopes: …`.
package struct TopicScopes: Sendable, Equatable {
    private var allowed: Set<String> = []
    private var protected: Set<String> = []
    /// Nil: the scopes don't name the app.
    private var publishing: Set<String>?
    private var subscribing: Set<String>?

    /// No scopes: every topic may be used.
    package init() {}

    package init(_ metadata: ComponentMetadata, appID: String) {
        allowed = Self.topics(metadata.text("allowedTopics") ?? "")
        protected = Self.topics(metadata.text("protectedTopics") ?? "")
        publishing = Self.scope(metadata.text("publishingScopes") ?? "", of: appID)
        subscribing = Self.scope(metadata.text("subscriptionScopes") ?? "", of: appID)
    }

    package func mayPublish(to topic: String) -> Bool { mayUse(topic, publishing) }
    package func maySubscribe(to topic: String) -> Bool { mayUse(topic, subscribing) }

    /// A topic must be allowed, where anything is said of that; then an app that the scopes name may use what they give
    /// it, perhaps nothing, and any other app all that isn't protected.
    private func mayUse(_ topic: String, _ scope: Set<String>?) -> Bool {
        if !allowed.isEmpty && !allowed.contains(topic) { return false }
        return scope?.contains(topic) ?? !protected.contains(topic)
    }

    private static func topics(_ text: String) -> Set<String> {
        Set(text.split(separator: ",").map { trim($0) }.filter { !$0.isEmpty })
    }

    private static func scope(_ text: String, of appID: String) -> Set<String>? {
        var scope: Set<String>?
        for part in text.split(separator: ";") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, trim(sides[0]) == appID else { continue }
            scope = (scope ?? []).union(topics(String(sides[1])))
        }
        return scope
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
