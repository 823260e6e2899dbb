// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

struct NamedTableTests {
    @Test func `names keep the order in which they came`() {
        var table: NamedTable<Int> = ["b": 1, "a": 2]
        table["c"] = 3
        table["b"] = 4
        #expect(table.names == ["b", "a", "c"])
        #expect(table.values == [4, 2, 3])
        table["a"] = nil
        table["z"] = nil
        #expect(table.map(\.name) == ["b", "c"])
        #expect(table["a"] == nil)
    }

    @Test func `tables in another order are different`() {
        let table: NamedTable<Int> = ["a": 1, "b": 2]
        #expect(table == ["a": 1, "b": 2])
        #expect(table != ["b": 2, "a": 1])
        #expect(table != ["a": 1])
        #expect(table != ["a": 1, "b": 3])
    }
}
