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
    /// Asks one after the other. Whoever doesn't have what is asked about is left out, if another has it; anything else
    /// that goes wrong is the error.
    func ask(
        _ method: HTTPMethod, _ target: String, of search: SidecarSearch, body: [UInt8] = []
    ) async throws(InquiryError) -> [SidecarAnswer] {
        var answers: [SidecarAnswer] = []
        var absences: [String] = []
        for sidecar in self {
            do throws(InquiryError) {
                let text = try await sidecar.ask(method, target, search.environment, body: body)
                answers.append(SidecarAnswer(sidecar: sidecar, text: text))
            } catch {
                guard error.isAbsence else { throw error }
                absences.append(error.description)
            }
        }
        guard !answers.isEmpty || absences.isEmpty else {
            throw InquiryError(description: absences.joined(separator: "\n"))
        }
        return answers
    }
}

extension [SidecarAnswer] {
    /// One array of all answers, which are JSON.
    var jsonArray: String { "[" + map { $0.text.trimmingSuffix("\n") }.joined(separator: ",\n ") + "]\n" }

    /// For people: what isn't empty; where one was asked, its answer needs no title.
    ///
    /// - Parameter nothing: what is said if all are empty.
    func parts(orElse nothing: String) -> String {
        let parts = filter { !$0.text.isEmpty }
        if parts.isEmpty { return nothing }
        return count == 1 ? parts[0].text : parts.map(\.titled).joined(separator: "\n")
    }
}
