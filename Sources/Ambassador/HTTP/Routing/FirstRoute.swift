// SPDX-License-Identifier: Apache-2.0
import Core
import NIOCore
import Proxying
import WireHTTP

struct SplitSequence: Sendable { var n = 0 }
struct WeightedSplit: Sendable {
    var weights: [(Int, Int)]
    func choose(_ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, address: UInt64, sequence: inout SplitSequence) -> Int {
        sequence.n += 1
        var at = sequence.n % 100
        for (index, weight) in weights { if at < weight { return index }; at -= weight }
        return 0
    }
}
struct FieldEdits: Sendable {
    var isEmpty: Bool { true }
    func drops(_ name: borrowing Span<UInt8>) -> Bool { false }
    func append(to: inout ByteBuffer) {}
}
struct RouteRewrite: Sendable { var path: String?; var host: String? }
enum RouteAction: Sendable { case forward(WeightedSplit), redirect, respond }
final class Route: Sendable {
    let index: Int; let name: String; let action: RouteAction
    let requestEdits = FieldEdits(); let responseEdits = FieldEdits(); let rewrite: RouteRewrite? = nil
    let timeoutNanoseconds: Int64? = nil
    let retry: RetryRules
    init(_ index: Int, _ name: String, _ action: RouteAction, _ retry: RetryRules) { self.index = index; self.name = name; self.action = action; self.retry = retry }
    func writeTarget(_ h: borrowing HTTPHeadScan, _ b: ByteBuffer, into: inout ByteBuffer) {}
    func writeAnswer(_ h: borrowing HTTPHeadScan, _ b: ByteBuffer, isSecure: Bool, closes: Bool, date: String, into: inout ByteBuffer) -> Int { 200 }
    func sharesSplit(with: Route) -> Bool { true }
}
final class RouteTable: Sendable {
    let routes: [Route]
    init(_ c: HTTPProxyConfiguration) {
        routes = c.routes.enumerated().map { i, e in
            Route(i, e.name, .forward(WeightedSplit(weights: e.value.shares.map { s in (c.upstreams.names.firstIndex(of: s.name)!, s.value) })), RetryRules(e.value.retry))
        }
    }
    func match(_ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>) -> Route? { routes.first }
}
