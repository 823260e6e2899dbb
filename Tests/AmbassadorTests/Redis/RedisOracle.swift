// SPDX-License-Identifier: Apache-2.0

/// What Redis 7.0.15 says of its own commands.
enum RedisOracle {
    /// From `COMMAND`: name, arity, w(rite) or r(ead), first key, last key, step, + if keys move, ! if it may wait.
    static let commands = """
        ACL -2 - 0 0 0 - -; ACL|CAT -2 - 0 0 0 - -; ACL|DELUSER -3 - 0 0 0 - -; ACL|DRYRUN -4 - 0 0 0 - -;
        ACL|GENPASS -2 - 0 0 0 - -; ACL|GETUSER 3 - 0 0 0 - -; ACL|HELP 2 - 0 0 0 - -; ACL|LIST 2 - 0 0 0 - -;
        ACL|LOAD 2 - 0 0 0 - -; ACL|LOG -2 - 0 0 0 - -; ACL|SAVE 2 - 0 0 0 - -; ACL|SETUSER -3 - 0 0 0 - -;
        ACL|USERS 2 - 0 0 0 - -; ACL|WHOAMI 2 - 0 0 0 - -; APPEND 3 w 1 1 1 - -; ASKING 1 - 0 0 0 - -;
        AUTH -2 - 0 0 0 - -; BGREWRITEAOF 1 - 0 0 0 - -; BGSAVE -1 - 0 0 0 - -; BITCOUNT -2 r 1 1 1 - -;
        BITFIELD -2 w 1 1 1 - -; BITFIELD_RO -2 r 1 1 1 - -; BITOP -4 w 2 -1 1 - -; BITPOS -3 r 1 1 1 - -;
        BLMOVE 6 w 1 2 1 - !; BLMPOP -5 w 0 0 0 + !; BLPOP -3 w 1 -2 1 - !; BRPOP -3 w 1 -2 1 - !;
        BRPOPLPUSH 4 w 1 2 1 - !; BZMPOP -5 w 0 0 0 + !; BZPOPMAX -3 w 1 -2 1 - !; BZPOPMIN -3 w 1 -2 1 - !;
        CLIENT -2 - 0 0 0 - -; CLIENT|CACHING 3 - 0 0 0 - -; CLIENT|GETNAME 2 - 0 0 0 - -;
        CLIENT|GETREDIR 2 - 0 0 0 - -; CLIENT|HELP 2 - 0 0 0 - -; CLIENT|ID 2 - 0 0 0 - -; CLIENT|INFO 2 - 0 0 0 - -;
        CLIENT|KILL -3 - 0 0 0 - -; CLIENT|LIST -2 - 0 0 0 - -; CLIENT|NO-EVICT 3 - 0 0 0 - -;
        CLIENT|PAUSE -3 - 0 0 0 - -; CLIENT|REPLY 3 - 0 0 0 - -; CLIENT|SETNAME 3 - 0 0 0 - -;
        CLIENT|TRACKING -3 - 0 0 0 - -; CLIENT|TRACKINGINFO 2 - 0 0 0 - -; CLIENT|UNBLOCK -3 - 0 0 0 - -;
        CLIENT|UNPAUSE 2 - 0 0 0 - -; CLUSTER -2 - 0 0 0 - -; CLUSTER|ADDSLOTS -3 - 0 0 0 - -;
        CLUSTER|ADDSLOTSRANGE -4 - 0 0 0 - -; CLUSTER|BUMPEPOCH 2 - 0 0 0 - -;
        CLUSTER|COUNT-FAILURE-REPORTS 3 - 0 0 0 - -; CLUSTER|COUNTKEYSINSLOT 3 - 0 0 0 - -;
        CLUSTER|DELSLOTS -3 - 0 0 0 - -; CLUSTER|DELSLOTSRANGE -4 - 0 0 0 - -; CLUSTER|FAILOVER -2 - 0 0 0 - -;
        CLUSTER|FLUSHSLOTS 2 - 0 0 0 - -; CLUSTER|FORGET 3 - 0 0 0 - -; CLUSTER|GETKEYSINSLOT 4 - 0 0 0 - -;
        CLUSTER|HELP 2 - 0 0 0 - -; CLUSTER|INFO 2 - 0 0 0 - -; CLUSTER|KEYSLOT 3 - 0 0 0 - -;
        CLUSTER|LINKS 2 - 0 0 0 - -; CLUSTER|MEET -4 - 0 0 0 - -; CLUSTER|MYID 2 - 0 0 0 - -;
        CLUSTER|NODES 2 - 0 0 0 - -; CLUSTER|REPLICAS 3 - 0 0 0 - -; CLUSTER|REPLICATE 3 - 0 0 0 - -;
        CLUSTER|RESET -2 - 0 0 0 - -; CLUSTER|SAVECONFIG 2 - 0 0 0 - -; CLUSTER|SET-CONFIG-EPOCH 3 - 0 0 0 - -;
        CLUSTER|SETSLOT -4 - 0 0 0 - -; CLUSTER|SHARDS 2 - 0 0 0 - -; CLUSTER|SLAVES 3 - 0 0 0 - -;
        CLUSTER|SLOTS 2 - 0 0 0 - -; COMMAND -1 - 0 0 0 - -; COMMAND|COUNT 2 - 0 0 0 - -; COMMAND|DOCS -2 - 0 0 0 - -;
        COMMAND|GETKEYS -4 - 0 0 0 - -; COMMAND|GETKEYSANDFLAGS -4 - 0 0 0 - -; COMMAND|HELP 2 - 0 0 0 - -;
        COMMAND|INFO -2 - 0 0 0 - -; COMMAND|LIST -2 - 0 0 0 - -; CONFIG -2 - 0 0 0 - -; CONFIG|GET -3 - 0 0 0 - -;
        CONFIG|HELP 2 - 0 0 0 - -; CONFIG|RESETSTAT 2 - 0 0 0 - -; CONFIG|REWRITE 2 - 0 0 0 - -;
        CONFIG|SET -4 - 0 0 0 - -; COPY -3 w 1 2 1 - -; DBSIZE 1 r 0 0 0 - -; DEBUG -2 - 0 0 0 - -;
        DECR 2 w 1 1 1 - -; DECRBY 3 w 1 1 1 - -; DEL -2 w 1 -1 1 - -; DISCARD 1 - 0 0 0 - -; DUMP 2 r 1 1 1 - -;
        ECHO 2 - 0 0 0 - -; EVAL -3 - 0 0 0 + -; EVALSHA -3 - 0 0 0 + -; EVALSHA_RO -3 r 0 0 0 + -;
        EVAL_RO -3 r 0 0 0 + -; EXEC 1 - 0 0 0 - -; EXISTS -2 r 1 -1 1 - -; EXPIRE -3 w 1 1 1 - -;
        EXPIREAT -3 w 1 1 1 - -; EXPIRETIME 2 r 1 1 1 - -; FAILOVER -1 - 0 0 0 - -; FCALL -3 - 0 0 0 + -;
        FCALL_RO -3 r 0 0 0 + -; FLUSHALL -1 w 0 0 0 - -; FLUSHDB -1 w 0 0 0 - -; FUNCTION -2 - 0 0 0 - -;
        FUNCTION|DELETE 3 w 0 0 0 - -; FUNCTION|DUMP 2 - 0 0 0 - -; FUNCTION|FLUSH -2 w 0 0 0 - -;
        FUNCTION|HELP 2 - 0 0 0 - -; FUNCTION|KILL 2 - 0 0 0 - -; FUNCTION|LIST -2 - 0 0 0 - -;
        FUNCTION|LOAD -3 w 0 0 0 - -; FUNCTION|RESTORE -3 w 0 0 0 - -; FUNCTION|STATS 2 - 0 0 0 - -;
        GEOADD -5 w 1 1 1 - -; GEODIST -4 r 1 1 1 - -; GEOHASH -2 r 1 1 1 - -; GEOPOS -2 r 1 1 1 - -;
        GEORADIUS -6 w 1 1 1 + -; GEORADIUSBYMEMBER -5 w 1 1 1 + -; GEORADIUSBYMEMBER_RO -5 r 1 1 1 - -;
        GEORADIUS_RO -6 r 1 1 1 - -; GEOSEARCH -7 r 1 1 1 - -; GEOSEARCHSTORE -8 w 1 2 1 - -; GET 2 r 1 1 1 - -;
        GETBIT 3 r 1 1 1 - -; GETDEL 2 w 1 1 1 - -; GETEX -2 w 1 1 1 - -; GETRANGE 4 r 1 1 1 - -;
        GETSET 3 w 1 1 1 - -; HDEL -3 w 1 1 1 - -; HELLO -1 - 0 0 0 - -; HEXISTS 3 r 1 1 1 - -; HGET 3 r 1 1 1 - -;
        HGETALL 2 r 1 1 1 - -; HINCRBY 4 w 1 1 1 - -; HINCRBYFLOAT 4 w 1 1 1 - -; HKEYS 2 r 1 1 1 - -;
        HLEN 2 r 1 1 1 - -; HMGET -3 r 1 1 1 - -; HMSET -4 w 1 1 1 - -; HRANDFIELD -2 r 1 1 1 - -;
        HSCAN -3 r 1 1 1 - -; HSET -4 w 1 1 1 - -; HSETNX 4 w 1 1 1 - -; HSTRLEN 3 r 1 1 1 - -; HVALS 2 r 1 1 1 - -;
        INCR 2 w 1 1 1 - -; INCRBY 3 w 1 1 1 - -; INCRBYFLOAT 3 w 1 1 1 - -; INFO -1 - 0 0 0 - -; KEYS 2 r 0 0 0 - -;
        LASTSAVE 1 - 0 0 0 - -; LATENCY -2 - 0 0 0 - -; LATENCY|DOCTOR 2 - 0 0 0 - -; LATENCY|GRAPH 3 - 0 0 0 - -;
        LATENCY|HELP 2 - 0 0 0 - -; LATENCY|HISTOGRAM -2 - 0 0 0 - -; LATENCY|HISTORY 3 - 0 0 0 - -;
        LATENCY|LATEST 2 - 0 0 0 - -; LATENCY|RESET -2 - 0 0 0 - -; LCS -3 r 1 2 1 - -; LINDEX 3 r 1 1 1 - -;
        LINSERT 5 w 1 1 1 - -; LLEN 2 r 1 1 1 - -; LMOVE 5 w 1 2 1 - -; LMPOP -4 w 0 0 0 + -; LOLWUT -1 r 0 0 0 - -;
        LPOP -2 w 1 1 1 - -; LPOS -3 r 1 1 1 - -; LPUSH -3 w 1 1 1 - -; LPUSHX -3 w 1 1 1 - -; LRANGE 4 r 1 1 1 - -;
        LREM 4 w 1 1 1 - -; LSET 4 w 1 1 1 - -; LTRIM 4 w 1 1 1 - -; MEMORY -2 - 0 0 0 - -;
        MEMORY|DOCTOR 2 - 0 0 0 - -; MEMORY|HELP 2 - 0 0 0 - -; MEMORY|MALLOC-STATS 2 - 0 0 0 - -;
        MEMORY|PURGE 2 - 0 0 0 - -; MEMORY|STATS 2 - 0 0 0 - -; MEMORY|USAGE -3 r 2 2 1 - -; MGET -2 r 1 -1 1 - -;
        MIGRATE -6 w 3 3 1 + -; MODULE -2 - 0 0 0 - -; MODULE|HELP 2 - 0 0 0 - -; MODULE|LIST 2 - 0 0 0 - -;
        MODULE|LOAD -3 - 0 0 0 - -; MODULE|LOADEX -3 - 0 0 0 - -; MODULE|UNLOAD 3 - 0 0 0 - -; MONITOR 1 - 0 0 0 - -;
        MOVE 3 w 1 1 1 - -; MSET -3 w 1 -1 2 - -; MSETNX -3 w 1 -1 2 - -; MULTI 1 - 0 0 0 - -; OBJECT -2 - 0 0 0 - -;
        OBJECT|ENCODING 3 r 2 2 1 - -; OBJECT|FREQ 3 r 2 2 1 - -; OBJECT|HELP 2 - 0 0 0 - -;
        OBJECT|IDLETIME 3 r 2 2 1 - -; OBJECT|REFCOUNT 3 r 2 2 1 - -; PERSIST 2 w 1 1 1 - -; PEXPIRE -3 w 1 1 1 - -;
        PEXPIREAT -3 w 1 1 1 - -; PEXPIRETIME 2 r 1 1 1 - -; PFADD -2 w 1 1 1 - -; PFCOUNT -2 r 1 -1 1 - -;
        PFDEBUG 3 w 2 2 1 - -; PFMERGE -2 w 1 -1 1 - -; PFSELFTEST 1 - 0 0 0 - -; PING -1 - 0 0 0 - -;
        PSETEX 4 w 1 1 1 - -; PSUBSCRIBE -2 - 0 0 0 - -; PSYNC -3 - 0 0 0 - -; PTTL 2 r 1 1 1 - -;
        PUBLISH 3 - 0 0 0 - -; PUBSUB -2 - 0 0 0 - -; PUBSUB|CHANNELS -2 - 0 0 0 - -; PUBSUB|HELP 2 - 0 0 0 - -;
        PUBSUB|NUMPAT 2 - 0 0 0 - -; PUBSUB|NUMSUB -2 - 0 0 0 - -; PUBSUB|SHARDCHANNELS -2 - 0 0 0 - -;
        PUBSUB|SHARDNUMSUB -2 - 0 0 0 - -; PUNSUBSCRIBE -1 - 0 0 0 - -; QUIT -1 - 0 0 0 - -; RANDOMKEY 1 r 0 0 0 - -;
        READONLY 1 - 0 0 0 - -; READWRITE 1 - 0 0 0 - -; RENAME 3 w 1 2 1 - -; RENAMENX 3 w 1 2 1 - -;
        REPLCONF -1 - 0 0 0 - -; REPLICAOF 3 - 0 0 0 - -; RESET 1 - 0 0 0 - -; RESTORE -4 w 1 1 1 - -;
        RESTORE-ASKING -4 w 1 1 1 - -; ROLE 1 - 0 0 0 - -; RPOP -2 w 1 1 1 - -; RPOPLPUSH 3 w 1 2 1 - -;
        RPUSH -3 w 1 1 1 - -; RPUSHX -3 w 1 1 1 - -; SADD -3 w 1 1 1 - -; SAVE 1 - 0 0 0 - -; SCAN -2 r 0 0 0 - -;
        SCARD 2 r 1 1 1 - -; SCRIPT -2 - 0 0 0 - -; SCRIPT|DEBUG 3 - 0 0 0 - -; SCRIPT|EXISTS -3 - 0 0 0 - -;
        SCRIPT|FLUSH -2 - 0 0 0 - -; SCRIPT|HELP 2 - 0 0 0 - -; SCRIPT|KILL 2 - 0 0 0 - -; SCRIPT|LOAD 3 - 0 0 0 - -;
        SDIFF -2 r 1 -1 1 - -; SDIFFSTORE -3 w 1 -1 1 - -; SELECT 2 - 0 0 0 - -; SET -3 w 1 1 1 - -;
        SETBIT 4 w 1 1 1 - -; SETEX 4 w 1 1 1 - -; SETNX 3 w 1 1 1 - -; SETRANGE 4 w 1 1 1 - -;
        SHUTDOWN -1 - 0 0 0 - -; SINTER -2 r 1 -1 1 - -; SINTERCARD -3 r 0 0 0 + -; SINTERSTORE -3 w 1 -1 1 - -;
        SISMEMBER 3 r 1 1 1 - -; SLAVEOF 3 - 0 0 0 - -; SLOWLOG -2 - 0 0 0 - -; SLOWLOG|GET -2 - 0 0 0 - -;
        SLOWLOG|HELP 2 - 0 0 0 - -; SLOWLOG|LEN 2 - 0 0 0 - -; SLOWLOG|RESET 2 - 0 0 0 - -; SMEMBERS 2 r 1 1 1 - -;
        SMISMEMBER -3 r 1 1 1 - -; SMOVE 4 w 1 2 1 - -; SORT -2 w 1 1 1 + -; SORT_RO -2 r 1 1 1 + -;
        SPOP -2 w 1 1 1 - -; SPUBLISH 3 - 1 1 1 - -; SRANDMEMBER -2 r 1 1 1 - -; SREM -3 w 1 1 1 - -;
        SSCAN -3 r 1 1 1 - -; SSUBSCRIBE -2 - 1 -1 1 - -; STRLEN 2 r 1 1 1 - -; SUBSCRIBE -2 - 0 0 0 - -;
        SUBSTR 4 r 1 1 1 - -; SUNION -2 r 1 -1 1 - -; SUNIONSTORE -3 w 1 -1 1 - -; SUNSUBSCRIBE -1 - 1 -1 1 - -;
        SWAPDB 3 w 0 0 0 - -; SYNC 1 - 0 0 0 - -; TIME 1 - 0 0 0 - -; TOUCH -2 r 1 -1 1 - -; TTL 2 r 1 1 1 - -;
        TYPE 2 r 1 1 1 - -; UNLINK -2 w 1 -1 1 - -; UNSUBSCRIBE -1 - 0 0 0 - -; UNWATCH 1 - 0 0 0 - -;
        WAIT 3 - 0 0 0 - -; WATCH -2 - 1 -1 1 - -; XACK -4 w 1 1 1 - -; XADD -5 w 1 1 1 - -;
        XAUTOCLAIM -6 w 1 1 1 - -; XCLAIM -6 w 1 1 1 - -; XDEL -3 w 1 1 1 - -; XGROUP -2 - 0 0 0 - -;
        XGROUP|CREATE -5 w 2 2 1 - -; XGROUP|CREATECONSUMER 5 w 2 2 1 - -; XGROUP|DELCONSUMER 5 w 2 2 1 - -;
        XGROUP|DESTROY 4 w 2 2 1 - -; XGROUP|HELP 2 - 0 0 0 - -; XGROUP|SETID -5 w 2 2 1 - -; XINFO -2 - 0 0 0 - -;
        XINFO|CONSUMERS 4 r 2 2 1 - -; XINFO|GROUPS 3 r 2 2 1 - -; XINFO|HELP 2 - 0 0 0 - -;
        XINFO|STREAM -3 r 2 2 1 - -; XLEN 2 r 1 1 1 - -; XPENDING -3 r 1 1 1 - -; XRANGE -4 r 1 1 1 - -;
        XREAD -4 r 0 0 0 + !; XREADGROUP -7 w 0 0 0 + !; XREVRANGE -4 r 1 1 1 - -; XSETID -3 w 1 1 1 - -;
        XTRIM -4 w 1 1 1 - -; ZADD -4 w 1 1 1 - -; ZCARD 2 r 1 1 1 - -; ZCOUNT 4 r 1 1 1 - -; ZDIFF -3 r 0 0 0 + -;
        ZDIFFSTORE -4 w 1 1 1 + -; ZINCRBY 4 w 1 1 1 - -; ZINTER -3 r 0 0 0 + -; ZINTERCARD -3 r 0 0 0 + -;
        ZINTERSTORE -4 w 1 1 1 + -; ZLEXCOUNT 4 r 1 1 1 - -; ZMPOP -4 w 0 0 0 + -; ZMSCORE -3 r 1 1 1 - -;
        ZPOPMAX -2 w 1 1 1 - -; ZPOPMIN -2 w 1 1 1 - -; ZRANDMEMBER -2 r 1 1 1 - -; ZRANGE -4 r 1 1 1 - -;
        ZRANGEBYLEX -4 r 1 1 1 - -; ZRANGEBYSCORE -4 r 1 1 1 - -; ZRANGESTORE -5 w 1 2 1 - -; ZRANK 3 r 1 1 1 - -;
        ZREM -3 w 1 1 1 - -; ZREMRANGEBYLEX 4 w 1 1 1 - -; ZREMRANGEBYRANK 4 w 1 1 1 - -;
        ZREMRANGEBYSCORE 4 w 1 1 1 - -; ZREVRANGE -4 r 1 1 1 - -; ZREVRANGEBYLEX -4 r 1 1 1 - -;
        ZREVRANGEBYSCORE -4 r 1 1 1 - -; ZREVRANK 3 r 1 1 1 - -; ZSCAN -3 r 1 1 1 - -; ZSCORE 3 r 1 1 1 - -;
        ZUNION -3 r 0 0 0 + -; ZUNIONSTORE -4 w 1 1 1 + -;
        """

    /// From `COMMAND GETKEYS`: a command, and its keys.
    static let keys: [(command: String, keys: [String])] = [
        ("GET k", ["k"]),
        ("MSET a 1 b 2 c 3", ["a", "b", "c"]),
        ("MGET a b c", ["a", "b", "c"]),
        ("BITOP AND dest a b", ["dest", "a", "b"]),
        ("LCS a b LEN", ["a", "b"]),
        ("PFMERGE d a b", ["d", "a", "b"]),
        ("EVAL s 2 a b c d", ["a", "b"]),
        ("EVAL s 0 a", []),
        ("EVALSHA s 1 a", ["a"]),
        ("FCALL f 3 a b c d", ["a", "b", "c"]),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]),
        ("ZINTER 2 a b WITHSCORES", ["a", "b"]),
        ("ZDIFFSTORE d 1 a", ["d", "a"]),
        ("SINTERCARD 2 a b LIMIT 1", ["a", "b"]),
        ("LMPOP 2 a b LEFT", ["a", "b"]),
        ("BLMPOP 0 2 a b RIGHT", ["a", "b"]),
        ("BZMPOP 0 1 a MIN", ["a"]),
        ("BLPOP a b c 0", ["a", "b", "c"]),
        ("BZPOPMIN a 0", ["a"]),
        ("BLMOVE a b LEFT RIGHT 0", ["a", "b"]),
        ("XREAD COUNT 2 STREAMS a b 0 0", ["a", "b"]),
        ("XREAD BLOCK 0 STREAMS a 0", ["a"]),
        ("XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a b > >", ["a", "b"]),
        ("XREADGROUP GROUP STREAMS STREAMS STREAMS a >", ["a"]),
        ("XGROUP CREATE k g 0", ["k"]),
        ("XINFO STREAM k FULL", ["k"]),
        ("SORT k", ["k"]),
        ("SORT k LIMIT 0 10 ASC STORE d", ["k", "d"]),
        ("SORT k STORE a STORE b", ["k", "b"]),
        ("SORT k GET STORE STORE d", ["k", "d"]),
        ("SORT k BY nosort ALPHA", ["k"]),
        ("GEORADIUS k 1 2 3 km STORE d", ["k", "d"]),
        ("GEORADIUS k 1 2 3 km COUNT 3 STOREDIST d", ["k", "d"]),
        ("GEORADIUSBYMEMBER k m 3 km STORE d", ["k", "d"]),
        ("GEORADIUSBYMEMBER k STORE 3 km", ["k"]),
        ("GEOSEARCHSTORE d k FROMMEMBER m BYRADIUS 1 m", ["d", "k"]),
        ("ZRANGESTORE d k 0 -1", ["d", "k"]),
        ("COPY a b REPLACE", ["a", "b"]),
        ("RENAME a b", ["a", "b"]),
        ("SMOVE a b m", ["a", "b"]),
        ("OBJECT ENCODING k", ["k"]),
        ("MEMORY USAGE k SAMPLES 2", ["k"]),
        ("DEL a b c", ["a", "b", "c"]),
        ("WATCH a b", ["a", "b"]),
        ("SDIFFSTORE d a b", ["d", "a", "b"]),
        ("MSETNX a 1 b 2", ["a", "b"]),
        ("RESTORE k 0 v", ["k"]),
        ("EXPIRE k 1 NX", ["k"]),
    ]
}
