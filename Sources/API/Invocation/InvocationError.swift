// SPDX-License-Identifier: Apache-2.0

/// Why an invocation has no answer of its callee.
package struct InvocationError: Error, Equatable {
    package var name: String
    package var reason: String
    /// Whether the callee's access control doesn't allow it.
    package var isDenied = false

    package init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }

    /// Dapr's sentence.
    package var sentence: String { "failed to invoke, id: \(name), err: \(reason)" }
}
