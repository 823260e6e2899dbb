// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import MemoryEngine
import SQLiteEngine

/// The kinds of components that there are. This is the one list; nothing registers itself.
package struct Catalog: Sendable {
    package var state: [ComponentKind<any StateStore>]

    package init(state: [ComponentKind<any StateStore>]) { self.state = state }

    package static let all = Catalog(state: [.inMemory, .sqlite])

    /// The types that a document may name, in alphabetical order.
    package var types: [String] { state.map(\.type).sorted() }
}
