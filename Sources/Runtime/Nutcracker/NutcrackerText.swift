// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core

/// What `nutcracker` prints of itself, on standard error, in twemproxy's form.
package enum NutcrackerText {
    package static let version = """
        This is nutcracker-\(NutcrackerStatistics.version)
        async event backend: epoll
        outrigger \(Version.outrigger)

        """

    package static let usage = """
        Usage: nutcracker [-?hVdDt] [-v verbosity level] [-o output file]
                          [-c conf file] [-s stats port] [-a stats addr]
                          [-i stats interval] [-p pid file] [-m mbuf size]
                          [--compat]

        Options:
          -h, --help             : this help
          -V, --version          : show version and exit
          -t, --test-conf        : test configuration for syntax errors and exit
          -d, --daemonize        : run as a daemon
          -D, --describe-stats   : print stats description and exit
          -v, --verbose=N        : set logging level (default: 5, min: 0, max: 11)
          -o, --output=S         : set logging file (default: stderr)
          -c, --conf-file=S      : set configuration file (default: conf/nutcracker.yml)
          -s, --stats-port=N     : set stats monitoring port (default: 22222)
          -a, --stats-addr=S     : set stats monitoring ip (default: 0.0.0.0)
          -i, --stats-interval=N : taken, and without effect: stats are summed when asked for
          -p, --pid-file=S       : set pid file (default: off)
          -m, --mbuf-size=N      : taken, and without effect: buffers grow as they must
              --compat           : close the connection on refused commands, as twemproxy does
                                   (OUTRIGGER_NUTCRACKER_COMPAT=true)

        Example:
          nutcracker -c conf/nutcracker.yml -d -o /var/log/nutcracker.log -p /run/nutcracker.pid

        """

    package static let statistics = """
        pool stats:
          client_eof          "# eof on client connections"
          client_err          "# errors on client connections"
          client_connections  "# active client connections"
          server_ejects       "# times backend server was ejected"
          forward_error       "# times we encountered a forwarding error"
          fragments           "# fragments created from a multi-vector request"

        server stats:
          server_eof          "# eof on server connections"
          server_err          "# errors on server connections"
          server_timedout     "# timeouts on server connections"
          server_connections  "# active server connections"
          server_ejected_at   "timestamp when server was ejected in usec since epoch"
          requests            "# requests"
          request_bytes       "total request bytes"
          responses           "# responses"
          response_bytes      "total response bytes"
          in_queue            "# requests in incoming queue"
          in_queue_bytes      "current request bytes in incoming queue"
          out_queue           "# requests in outgoing queue"
          out_queue_bytes     "current request bytes in outgoing queue"
        """
}
