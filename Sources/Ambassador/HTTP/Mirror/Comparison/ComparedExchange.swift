// SPDX-License-Identifier: Apache-2.0

internal import Core
package import NIOCore
internal import WireHTTP

/// One request with the answers to it, as they came over connections.
package struct ComparedExchange: Sendable {
    /// `primary`, `candidate` and `again`.
    static let answersMax = 3

    package var method: String
    /// Without a query: there may be secrets in it.
    package var path: String
    /// What the client got.
    package var primary: ByteBuffer
    /// What the shadow said.
    package var candidate: ByteBuffer
    /// What the primary said when it was asked again; nil if it wasn't.
    package var again: ByteBuffer?

    package init(method: String, path: String, primary: ByteBuffer, candidate: ByteBuffer, again: ByteBuffer? = nil) {
        self.method = method
        self.path = path
        self.primary = primary
        self.candidate = candidate
        self.again = again
    }

    var bytes: Int { primary.readableBytes + candidate.readableBytes + (again?.readableBytes ?? 0) }

    /// What differs, and what differs anyway; nil if an answer isn't HTTP.
    func compare(_ comparison: ResponseComparison) -> (differences: [ResponseDifference], noise: [ResponseDifference]?)?
    {
        guard let primary = RecordedResponse(primary, to: method),
            let candidate = RecordedResponse(candidate, to: method)
        else { return nil }
        let again = again.flatMap { RecordedResponse($0, to: method) }
        return (comparison.differences(primary, candidate), again.map { comparison.differences(primary, $0) })
    }
}
