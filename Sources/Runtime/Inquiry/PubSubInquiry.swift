// SPDX-License-Identifier: Apache-2.0

import Core
import WireHTTP

/// What `outrigger pubsub` asks running sidecars, and how their answers are printed.
package struct PubSubInquiry: Inquiry {
    package enum Question: Sendable { case subscriptions, parked, replay }

    package var question: Question
    package var pubsub: String?
    package var topic: String?
    /// Whether the payloads of parked messages are printed.
    package var showsData: Bool
    /// JSON instead of lines for people.
    package var isJSON: Bool

    package init(_ question: Question, pubsub: String?, topic: String?, showsData: Bool = false, isJSON: Bool) {
        self.question = question
        self.pubsub = pubsub
        self.topic = topic
        self.showsData = showsData
        self.isJSON = isJSON
    }

    package func answer(from search: SidecarSearch) async throws(InquiryError) -> String {
        let answers = try await chosen(search.sidecars()).ask(question == .replay ? .post : .get, target, of: search)
        if isJSON { return answers.jsonArray }
        let parts = answers.filter { !$0.text.isEmpty }.map(\.titled)
        return parts.isEmpty ? nothing : parts.joined(separator: "\n")
    }

    private var nothing: String {
        switch question {
        case .subscriptions: "No app is subscribed to anything. An app is asked once its port is open.\n"
        case .parked: "Nothing is parked.\n"
        case .replay: "Nothing is parked, so nothing is delivered again.\n"
        }
    }

    /// Parked messages are the group's, so any one instance of an app is asked; subscriptions are each instance's own.
    private func chosen(_ sidecars: [RunningSidecar]) -> [RunningSidecar] {
        if question == .subscriptions { return sidecars }
        var apps: Set<String> = []
        return sidecars.filter { sidecar in sidecar.appID.map { apps.insert($0).inserted } ?? true }
    }

    private var target: String {
        let path =
            switch question {
            case .subscriptions: "/admin/pubsub"
            case .parked: "/admin/pubsub/parked"
            case .replay: "/admin/pubsub/replay"
            }
        return path.target([
            ("pubsub", pubsub), ("topic", topic), ("data", showsData ? "true" : nil), ("format", isJSON ? nil : "text"),
        ])
    }
}
