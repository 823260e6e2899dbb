// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import LogBroker
import MemoryEngine
import SQLiteEngine

/// The kinds of components that there are. This is the one list; nothing registers itself.
package struct Catalog: Sendable {
    package var state: [ComponentKind<any StateStore>]
    package var pubsub: [ComponentKind<any Broker>]

    package init(state: [ComponentKind<any StateStore>], pubsub: [ComponentKind<any Broker>] = []) {
        self.state = state
        self.pubsub = pubsub
    }

    package static let all = Catalog(state: [.inMemory, .sqlite], pubsub: [.inMemory])

    /// The types that a document may name, in alphabetical order.
    package var types: [String] { (state.map(\.type) + pubsub.map(\.type)).sorted() }
}

extension ComponentKind where Contract == any Broker {
    /// A log in memory: messages live as long as the process, and reach only its own app.
    package static var inMemory: Self {
        ComponentKind(type: "pubsub.in-memory", settings: []) { metadata, surroundings in
            LogBroker(pubsub: metadata.componentName, log: InMemoryEventLog(), logger: surroundings.logger)
        }
    }
}
