// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

struct NutcrackerStatisticsTests {
    @Test func `the object has twemproxy's fields in its order`() {
        var pool = PoolSnapshot(name: "alpha")
        pool.clients.open = 2
        pool.clients.accepted = 5
        pool.clients.ended = 3
        pool.clients.failed = 4
        pool.clients.fragments = 6
        pool.ejections = 8
        var counters = ShardCounters()
        counters.requests = 10
        counters.requestBytes = 11
        counters.replies = 12
        counters.replyBytes = 13
        counters.closes = 14
        counters.errors = 15
        counters.timeouts = 16
        counters.connections = 1
        counters.inFlight = 17
        counters.unsentBytes = 18
        pool.servers = [.init(name: "s", address: "a:1", weight: 1, isLive: true, share: 1, counters: counters)]
        let statistics = NutcrackerStatistics(source: "host", uptime: .seconds(9), timestamp: 1234, pools: [pool])
        #expect(
            String(decoding: statistics.json, as: UTF8.self)
                == #"{"service":"nutcracker","source":"host","version":"0.5.0","uptime":9,"timestamp":1234,"#
                + #""total_connections":7,"curr_connections":4,"alpha":{"client_eof":3,"client_err":0,"#
                + #""client_connections":2,"server_ejects":8,"forward_error":4,"fragments":6,"s":{"server_eof":14,"#
                + #""server_err":15,"server_timedout":16,"server_connections":1,"server_ejected_at":0,"#
                + #""requests":10,"request_bytes":11,"responses":12,"response_bytes":13,"in_queue":0,"#
                + #""in_queue_bytes":18,"out_queue":17,"out_queue_bytes":0}}}"# + "\n")
    }
}
