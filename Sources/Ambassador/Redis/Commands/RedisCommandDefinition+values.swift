// SPDX-License-Identifier: Apache-2.0

/// Commands for one type of value each.
extension RedisCommandDefinition {
    /// Strings, bits of strings, and the sketches that are kept in strings.
    static let strings: [Self] = [
        .write("APPEND", 3), .write("DECR", 2), .write("DECRBY", 3), .read("GET", 2), .write("GETDEL", 2),
        .write("GETEX", -2), .read("GETRANGE", 4), .write("GETSET", 3), .write("INCR", 2), .write("INCRBY", 3),
        .write("INCRBYFLOAT", 3), .read("LCS", -3, .two), .read("MGET", -2, .all, .split(.values)),
        .write("MSET", -3, .pairs, .split(.total(.ok))), .write("MSETNX", -3, .pairs), .write("PSETEX", 4),
        .write("SET", -3), .write("SETEX", 4), .write("SETNX", 3), .write("SETRANGE", 4), .read("STRLEN", 2),
        .read("SUBSTR", 4), .write("DELIFEQ", 3),
        .read("BITCOUNT", -2), .write("BITFIELD", -2), .read("BITFIELD_RO", -2),
        .write("BITOP", -4, .range(first: 2, last: -1, step: 1)), .read("BITPOS", -3), .read("GETBIT", 3),
        .write("SETBIT", 4),
        .write("PFADD", -2), .read("PFCOUNT", -2, .all), .write("PFMERGE", -2, .all),
        .refused("PFDEBUG", 3, .administrative), .refused("PFSELFTEST", 1, .administrative),
    ]

    static let hashes: [Self] = [
        .write("HDEL", -3), .read("HEXISTS", 3), .read("HGET", 3), .read("HGETALL", 2), .write("HINCRBY", 4),
        .write("HINCRBYFLOAT", 4), .read("HKEYS", 2), .read("HLEN", 2), .read("HMGET", -3), .write("HMSET", -4),
        .read("HRANDFIELD", -2), .read("HSCAN", -3), .write("HSET", -4), .write("HSETNX", 4), .read("HSTRLEN", 3),
        .read("HVALS", 2),
        .write("HEXPIRE", -6), .write("HEXPIREAT", -6), .read("HEXPIRETIME", -5), .write("HGETDEL", -5),
        .write("HGETEX", -5), .write("HPERSIST", -5), .write("HPEXPIRE", -6), .write("HPEXPIREAT", -6),
        .read("HPEXPIRETIME", -5), .read("HPTTL", -5), .write("HSETEX", -6), .read("HTTL", -5),
    ]

    static let lists: [Self] = [
        .write("BLMOVE", 6, .two, .blocking), .write("BLMPOP", -5, .counted(at: 2), .blocking),
        .write("BLPOP", -3, .allBeforeTimeout, .blocking), .write("BRPOP", -3, .allBeforeTimeout, .blocking),
        .write("BRPOPLPUSH", 4, .two, .blocking), .read("LINDEX", 3), .write("LINSERT", 5), .read("LLEN", 2),
        .write("LMOVE", 5, .two), .write("LMPOP", -4, .counted(at: 1)), .write("LPOP", -2), .read("LPOS", -3),
        .write("LPUSH", -3), .write("LPUSHX", -3), .read("LRANGE", 4), .write("LREM", 4), .write("LSET", 4),
        .write("LTRIM", 4), .write("RPOP", -2), .write("RPOPLPUSH", 3, .two), .write("RPUSH", -3),
        .write("RPUSHX", -3),
    ]

    static let sets: [Self] = [
        .write("SADD", -3), .read("SCARD", 2), .read("SDIFF", -2, .all), .write("SDIFFSTORE", -3, .all),
        .read("SINTER", -2, .all), .read("SINTERCARD", -3, .counted(at: 1)), .write("SINTERSTORE", -3, .all),
        .read("SISMEMBER", 3), .read("SMEMBERS", 2), .read("SMISMEMBER", -3), .write("SMOVE", 4, .two),
        .write("SPOP", -2), .read("SRANDMEMBER", -2), .write("SREM", -3), .read("SSCAN", -3),
        .read("SUNION", -2, .all), .write("SUNIONSTORE", -3, .all),
    ]

    /// Sorted sets, and places on the earth, which are kept in them.
    static let sortedSets: [Self] = [
        .write("BZMPOP", -5, .counted(at: 2), .blocking), .write("BZPOPMAX", -3, .allBeforeTimeout, .blocking),
        .write("BZPOPMIN", -3, .allBeforeTimeout, .blocking), .write("ZADD", -4), .read("ZCARD", 2),
        .read("ZCOUNT", 4), .read("ZDIFF", -3, .counted(at: 1)), .write("ZDIFFSTORE", -4, .countedWithResult(at: 2)),
        .write("ZINCRBY", 4), .read("ZINTER", -3, .counted(at: 1)), .read("ZINTERCARD", -3, .counted(at: 1)),
        .write("ZINTERSTORE", -4, .countedWithResult(at: 2)), .read("ZLEXCOUNT", 4),
        .write("ZMPOP", -4, .counted(at: 1)), .read("ZMSCORE", -3), .write("ZPOPMAX", -2), .write("ZPOPMIN", -2),
        .read("ZRANDMEMBER", -2), .read("ZRANGE", -4), .read("ZRANGEBYLEX", -4), .read("ZRANGEBYSCORE", -4),
        .write("ZRANGESTORE", -5, .two), .read("ZRANK", -3), .write("ZREM", -3), .write("ZREMRANGEBYLEX", 4),
        .write("ZREMRANGEBYRANK", 4), .write("ZREMRANGEBYSCORE", 4), .read("ZREVRANGE", -4),
        .read("ZREVRANGEBYLEX", -4), .read("ZREVRANGEBYSCORE", -4), .read("ZREVRANK", -3), .read("ZSCAN", -3),
        .read("ZSCORE", 3), .read("ZUNION", -3, .counted(at: 1)),
        .write("ZUNIONSTORE", -4, .countedWithResult(at: 2)),
        .write("GEOADD", -5), .read("GEODIST", -4), .read("GEOHASH", -2), .read("GEOPOS", -2),
        .write("GEORADIUS", -6, .storeOption(from: 6)), .read("GEORADIUS_RO", -6),
        .write("GEORADIUSBYMEMBER", -5, .storeOption(from: 5)), .read("GEORADIUSBYMEMBER_RO", -5),
        .read("GEOSEARCH", -7), .write("GEOSEARCHSTORE", -8, .two),
    ]

    static let streams: [Self] = [
        .write("XACK", -4), .write("XADD", -5), .write("XAUTOCLAIM", -6), .write("XCLAIM", -6), .write("XDEL", -3),
        .other("XGROUP", -2, .container), .write("XGROUP|CREATE", -5, .at(2)),
        .write("XGROUP|CREATECONSUMER", 5, .at(2)), .write("XGROUP|DELCONSUMER", 5, .at(2)),
        .write("XGROUP|DESTROY", 4, .at(2)), .write("XGROUP|SETID", -5, .at(2)), .other("XGROUP|HELP", 2, .anyServer),
        .other("XINFO", -2, .container), .read("XINFO|CONSUMERS", 4, .at(2)), .read("XINFO|GROUPS", 3, .at(2)),
        .read("XINFO|STREAM", -3, .at(2)), .other("XINFO|HELP", 2, .anyServer),
        .read("XLEN", 2), .read("XPENDING", -3), .read("XRANGE", -4),
        .read("XREAD", -4, .streams, .byKeyOrBlocking), .write("XREADGROUP", -7, .streams, .byKeyOrBlocking),
        .read("XREVRANGE", -4), .write("XSETID", -3), .write("XTRIM", -4), .write("XDELEX", -5),
        .write("XACKDEL", -6),
    ]
}
