// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// What a command asks running sidecars, and how their answers are printed.
package protocol Inquiry: Sendable {
    /// JSON instead of lines for people.
    var isJSON: Bool { get }

    /// Asks, and returns what to print: for people a part for each process, else a JSON array of their answers.
    func answer(from search: SidecarSearch) async throws(InquiryError) -> String
}

/// What one sidecar has answered.
struct SidecarAnswer: Sendable {
    var sidecar: RunningSidecar
    var text: String

    /// Under its sidecar's name, for people.
    var titled: String { "\(sidecar.description)\n\(text)" }
}

extension [RunningSidecar] {
    /// Asks one after the other; the first that doesn't answer is the error.
    func ask(
        _ method: HTTPMethod, _ target: String, of search: SidecarSearch, body: [UInt8] = []
    ) async throws(InquiryError) -> [SidecarAnswer] {
        var answers: [SidecarAnswer] = []
        for sidecar in self {
            let text = try await sidecar.ask(method, target, search.environment, body: body)
            answers.append(SidecarAnswer(sidecar: sidecar, text: text))
        }
        return answers
    }
}

extension [SidecarAnswer] {
    /// One array of all answers, which are JSON.
    var jsonArray: String { "[" + map { $0.text.trimmingSuffix("\n") }.joined(separator: ",\n ") + "]\n" }

    /// For people; where there is one, it needs no title.
    var parts: String { count == 1 ? self[0].text : map(\.titled).joined(separator: "\n") }
}
