// SPDX-License-Identifier: Apache-2.0

/// A state machine whose changes may stand in an expectation: `#expect(machine { $0.takes(event) })`.
package final class Machine<Value> {
    package var value: Value

    package init(_ value: Value) { self.value = value }

    package func callAsFunction<Result>(_ change: (inout Value) -> Result) -> Result { change(&value) }
}
