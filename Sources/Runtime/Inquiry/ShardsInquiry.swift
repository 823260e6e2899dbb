// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// What `outrigger shards` asks running ambassadors, and how their answers are printed.
package struct ShardsInquiry: Inquiry {
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

    package func answer(from search: SidecarSearch) async throws(InquiryError) -> String {
        let answers = try await search.ambassadors().ask(.get, target, of: search)
        return isJSON ? answers.jsonArray : answers.parts(orElse: "No pool runs here.\n")
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
