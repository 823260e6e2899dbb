// SPDX-License-Identifier: Apache-2.0

import Core
import WireHTTP

/// What `outrigger shards` asks running ambassadors, and how their answers are printed.
package struct ShardsInquiry: Sendable {
    package enum Question: Sendable {
        case servers
        /// On which server a key lives.
        case place(key: String)
        case hotKeys
        case slowCommands
    }

    package var question: Question
    package var pool: String?
    /// JSON instead of lines for people.
    package var isJSON: Bool

    package init(_ question: Question, pool: String?, isJSON: Bool) {
        self.question = question
        self.pool = pool
        self.isJSON = isJSON
    }

    /// Asks, and returns what to print: for people a part for each process, else a JSON array of their answers.
    package func answer(from search: SidecarSearch) async throws(InquiryError) -> String {
        var answers: [(sidecar: RunningSidecar, text: String)] = []
        for sidecar in try await search.ambassadors() {
            answers.append((sidecar, try await sidecar.ask(.get, target, search.environment)))
        }
        if isJSON { return "[" + answers.map { $0.text.trimmingSuffix("\n") }.joined(separator: ",\n ") + "]\n" }
        if answers.count == 1 { return answers[0].text }
        return answers.map { "\($0.sidecar.description)\n\($0.text)" }.joined(separator: "\n")
    }

    private var target: String {
        let format = ("format", isJSON ? nil : "text")
        return switch question {
        case .servers: "/admin/shards".target([("pool", pool), format])
        case .place(let key): "/admin/shards/where".target([("pool", pool), ("key", key), format])
        case .hotKeys: "/admin/shards/hot".target([("pool", pool), format])
        case .slowCommands: "/admin/shards/slow".target([("pool", pool), format])
        }
    }
}

extension SidecarSearch {
    /// As `sidecars()`; but a process that is an ambassador alone uses no data directory, so that where none is known
    /// the default admin listener is asked.
    func ambassadors() async throws(InquiryError) -> [RunningSidecar] {
        do {
            return try await sidecars()
        } catch {
            guard admin == nil, dataPath == nil, appID == nil else { throw error }
            return [RunningSidecar(admin: AdminConfiguration().listen)]
        }
    }
}
