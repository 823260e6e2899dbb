// SPDX-License-Identifier: Apache-2.0

extension RingPoints {
    private static let ketamaPointsPerServer = 160
    /// The points that one MD5 gives.
    private static let ketamaPointsPerLabel = 4
    private static let ketamaLabelBytesMax = 272

    /// The points of twemproxy's ketama: about 160 for each server that lives, more or fewer by its weight.
    static func ketama(_ servers: [RingServer], live: [Int]) -> RingPoints {
        let totalWeight = live.reduce(0) { $0 + servers[$1].weight }
        var points: [Point] = []
        points.reserveCapacity(live.count * ketamaPointsPerServer)
        for server in live {
            let labels = ketamaLabels(weight: servers[server].weight, totalWeight: totalWeight, live: live.count)
            for number in 0..<labels {
                let label = Array("\(servers[server].name)-\(number)".utf8.prefix(ketamaLabelBytesMax))
                let digest = MD5.digest(of: label.span)
                for index in 0..<ketamaPointsPerLabel { points.append(Point(position: digest[index], server: server)) }
            }
        }
        return RingPoints(points)
    }

    /// In 32 bits and in this order, with the last sum in 64: what C makes of twemproxy's expression on x86.
    private static func ketamaLabels(weight: Int, totalWeight: Int, live: Int) -> Int {
        let share = Float(weight) / Float(totalWeight)
        let labels = share * Float(ketamaPointsPerServer) / Float(ketamaPointsPerLabel) * Float(live)
        return Int(Float(Double(labels) + 0.000_000_000_1).rounded(.down))
    }

    /// A place for each unit of weight, in the order of the servers; `weight` gives that of each.
    static func places(_ live: [Int], weight: (Int) -> Int) -> RingPoints {
        var places = 0
        return RingPoints(
            live.map { server in
                places += weight(server)
                return Point(position: UInt32(places - 1), server: server)
            })
    }
}
