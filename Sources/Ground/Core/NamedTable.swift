// SPDX-License-Identifier: Apache-2.0

/// Values under names of the user's choice, in the order in which they were written.
package struct NamedTable<Value> {
    package typealias Element = (name: String, value: Value)

    private var elements: [Element] = []

    package init() {}

    package var names: [String] { elements.map(\.name) }
    package var values: [Value] { elements.map(\.value) }

    /// The value under a name; a new name goes to the end.
    package subscript(name: String) -> Value? {
        get { elements.first { $0.name == name }?.value }
        set {
            let index = elements.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): elements[index].value = value
            case (let index?, nil): elements.remove(at: index)
            case (nil, let value?): elements.append((name, value))
            case (nil, nil): break
            }
        }
    }
}

extension NamedTable: Sendable where Value: Sendable {}

extension NamedTable: Equatable where Value: Equatable {
    /// Tables whose values stand in another order are different tables.
    package static func == (a: Self, b: Self) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    }
}

extension NamedTable: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { elements.count }
    package subscript(position: Int) -> Element { elements[position] }
}

extension NamedTable: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements { self[name] = value }
    }
}
