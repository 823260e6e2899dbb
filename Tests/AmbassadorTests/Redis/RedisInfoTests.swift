// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireRESP

@testable import Ambassador

struct RedisInfoTests {
    @Test func `amounts add up, what is alike is said once, and the rest is listed`() {
        let first = """
            # Server\r\nredis_version:7.0.15\r\nrun_id:aaa\r\n\r\n# Memory\r\nused_memory:1048576\r
            used_memory_human:1.00M\r\n\r\n# CPU\r\nused_cpu_sys:1.25\r\n\r\n# Keyspace\r
            db0:keys=2,expires=1,avg_ttl=100\r\n
            """
        let second = """
            # Server\r\nredis_version:7.0.15\r\nrun_id:bbb\r\n\r\n# Memory\r\nused_memory:524288\r
            used_memory_human:512K\r\n\r\n# CPU\r\nused_cpu_sys:0.5\r\n\r\n# Keyspace\r
            db0:keys=3,expires=0,avg_ttl=0\r\ndb1:keys=1,expires=0\r\n
            """
        let text = RedisInfo([first, second]).text
        #expect(
            text == """
                \r\n# Server\r\nredis_version:7.0.15\r\nrun_id:aaa,bbb\r\n\r\n# Memory\r\nused_memory:1572864\r
                used_memory_human:1.50M\r\n\r\n# CPU\r\nused_cpu_sys:1.75\r\n\r\n# Keyspace\r
                db0:keys=5,expires=1,avg_ttl=100\r\ndb1:keys=1,expires=0\r\n
                """)
    }

    @Test func `statistics of commands add up, but not averages`() {
        let text = RedisInfo([
            "# Commandstats\r\ncmdstat_get:calls=2,usec=10,usec_per_call=5.00\r\n",
            "# Commandstats\r\ncmdstat_get:calls=1,usec=7,usec_per_call=7.00\r\n",
        ]).text
        #expect(text.contains("cmdstat_get:calls=3,usec=17,usec_per_call=7.00"))
    }

    @Test func `what can't be added up is listed`() {
        #expect(RedisInfo(["used_memory:x", "used_memory:1"]).text.contains("used_memory:x,1"))
        #expect(RedisInfo(["db0:keys", "db0:keys=1"]).text.contains("db0:keys,keys=1"))
        #expect(RedisInfo(["db0:keys=a", "db0:keys=1"]).text.contains("db0:keys=a,keys=1"))
        #expect(RedisInfo(["used_memory:9223372036854775807", "used_memory:1"]).text.contains("807,1"))
    }

    @Test func `servers that failed are left out and counted`() {
        let replies = RedisMerge.info.replies(parts: 2)
        _ = replies.take(0, ByteBuffer(string: "-ERR server a: gone\r\n"), .refusal)
        _ = replies.take(1, ByteBuffer(string: "=16\r\ntxt:run_id:bbb\r\n\r\n"), .value)
        var output = ByteBuffer()
        replies.write(into: &output)
        let text = "# Outrigger\r\nservers:2\r\nservers_answered:1\r\nrun_id:bbb\r\n"
        #expect(String(buffer: output) == "=\(text.utf8.count + 4)\r\ntxt:\(text)\r\n")
    }

    @Test func `if all servers failed the first one's error is the reply`() {
        let replies = RedisMerge.info.replies(parts: 1)
        _ = replies.take(0, ByteBuffer(string: "-ERR server a: gone\r\n"), .refusal)
        var output = ByteBuffer()
        replies.write(into: &output)
        #expect(String(buffer: output) == "-ERR server a: gone\r\n")
    }
}
