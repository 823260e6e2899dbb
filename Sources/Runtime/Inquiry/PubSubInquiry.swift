// SPDX-License-Identifier: Apache-2.0

import Core
import WireHTTP

/// What `outrigger pubsub` asks running sidecars, and how their answers are printed.
package struct PubSubInquiry: Sendable {
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

    /// Asks, and returns what to print: for people a part for each app, else a JSON array of their answers.
    package func answer(from search: SidecarSearch) async throws(InquiryError) -> String {
        var answers: [(sidecar: RunningSidecar, text: String)] = []
        for sidecar in chosen(try await search.sidecars()) {
            answers.append(
                (sidecar, try await sidecar.ask(question == .replay ? .post : .get, target, search.environment)))
        }
        if isJSON { return "[" + answers.map { $0.text.trimmingSuffix("\n") }.joined(separator: ",\n ") + "]\n" }
        let parts = answers.filter { !$0.text.isEmpty }.map { "\($0.sidecar.description)\n\($0.text)" }
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
