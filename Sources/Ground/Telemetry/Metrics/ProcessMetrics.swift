// SPDX-License-Identifier: Apache-2.0

import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the process is and uses, under the names that Prometheus' client libraries share; read at each scrape.
package enum ProcessMetrics {
    package static func observe(in registry: PrometheusRegistry) {
        registry.observe("outrigger_build_info", [("version", Version.outrigger)]) { 1 }
        registry.observe("process_cpu_seconds_total", read: cpuSeconds)
        registry.observe("process_open_fds") { Double(openDescriptors() ?? 0) }
        registry.observe("process_resident_memory_bytes") { Double(residentBytes() ?? 0) }
        let start = startSeconds() ?? 0
        registry.observe("process_start_time_seconds") { start }
    }

    static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Less `.`, `..`, and the descriptor that lists them.
        return count - 3
    }

    static func residentBytes() -> Int? {
        let fields = read("/proc/self/statm")?.split(separator: " ")
        guard let fields, fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The boot time and the clock ticks from boot to start, field 22 of proc(5)'s stat, whose second field is a name
    /// that may hold spaces and parentheses.
    static func startSeconds() -> Double? {
        guard let stat = read("/proc/self/stat"), let end = stat.lastIndex(of: ")"),
            let boot = read("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(boot.dropFirst("btime ".count))
        else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
        return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Longest file that is read here; /proc/stat has a line per processor and one long line of interrupts.
    private static let fileBytesMax = 64 << 10

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: fileBytesMax) { buffer, count in
            count = fread(buffer.baseAddress, 1, buffer.count, file)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
