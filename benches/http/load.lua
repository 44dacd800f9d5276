-- The part that all loads share. The run's constants are put before it, the operation's function `request` after it.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

-- Rows that only one request at a time may use, each with its last known version.
local items, first, last = {}, 1, 0

function put(item)
   last = last + 1
   items[last] = item
end

-- If no row is left, that is not the server's fault, but it must be noticed: the path made here is answered with 404.
function take()
   local item = items[first]
   if item == nil then return { m = FIRST_MANAGER, n = 0, etag = "none" } end
   items[first] = nil
   first = first + 1
   return item
end

function init()
   math.randomseed(SEED + number * 7919)
   count = 0
   if ITEMS == nil then return end
   local line = 0
   for text in io.lines(ITEMS) do
      if line % THREADS == number then
         local m, n, version = text:match("(%d+) (%d+) (%d+)")
         put({ m = tonumber(m), n = tonumber(n), etag = '"' .. version .. '"' })
      end
      line = line + 1
   end
end

function id(kind, n) return string.format("01900000-0000-7%s-8000-1%011d", kind, n) end

function word()
   local a, b = math.random(0, 39) * 3, math.random(0, 39) * 3
   return SYLLABLES:sub(a + 1, a + 3) .. SYLLABLES:sub(b + 1, b + 3)
end

function unique()
   count = count + 1
   return string.format("%d%d%08d", SEED, number, count)
end

function digits() return string.format("%07d", math.random(1000000, 9999999)) end

-- Puts the client back with its new version.
function put_back(status, headers, body)
   if status ~= 200 then return end
   local n = tonumber(body:match('"id":"01900000%-0000%-7003%-8000%-1(%d+)"'))
   put({ m = (n - 1) % MANAGERS + 1, n = n, etag = headers["etag"] or headers["ETag"] })
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
