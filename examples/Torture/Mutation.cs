using System.IO.Compression;
using System.Text;

namespace AnalogTorch.Examples.Torture;

/// <summary>Changes to files that keep most of what a reader looks at: numbers, lengths, texts, entries of archives, packing.</summary>
internal sealed class Mutation(Random random)
{
    private static readonly string[] Numbers = ["0", "-1", "1e999", "NaN", "65", "2147483648", "4611686018427387904", "99999999999999999999", "null", "[]", "{}", "\"x\"", "1e39", "0,5"];
    private static readonly long[] Lengths = [0, 1, -1, 127, 128, 255, 65_535, int.MaxValue, 1L << 31, 1L << 40, 1L << 62, long.MaxValue, long.MinValue];

    /// <summary>A file with one to three changes.</summary>
    public byte[] Of(byte[] file)
    {
        for (var i = random.Next(1, 4); i > 0; i--)
            file = Once(file);
        return file;
    }

    /// <summary>An archive with a change inside of an entry, or to its list of entries.</summary>
    public byte[] OfArchive(byte[] file)
    {
        var entries = new List<(string Name, byte[] Content)>();
        using (var archive = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read))
        {
            foreach (var entry in archive.Entries)
            {
                using var content = new MemoryStream();
                using var stream = entry.Open();
                stream.CopyTo(content);
                entries.Add((entry.FullName, content.ToArray()));
            }
        }
        var at = random.Next(entries.Count);
        switch (random.Next(12))
        {
            case 0: entries.RemoveAt(at); break;
            case 1: entries.Add(entries[at]); break;
            case 2: entries[at] = (entries[at].Name, new byte[4 << 20]); break; // packs to nothing
            case 3: entries[at] = (entries[at].Name + "x", entries[at].Content); break;
            case 4: entries[at] = (entries[at].Name, []); break;
            default: entries[at] = (entries[at].Name, Of(entries[at].Content)); break;
        }
        var level = random.Next(3) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression;
        using var written = new MemoryStream();
        using (var archive = new ZipArchive(written, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var stream = archive.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }
        return written.ToArray();
    }

    /// <summary>A gzip file of changed content, or of a lot of nothing.</summary>
    public byte[] OfGzip(byte[] content)
    {
        using var written = new MemoryStream();
        using (var gzip = new GZipStream(written, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Of(content));
            if (random.Next(8) == 0)
                for (var i = 0; i < 20; i++)
                    gzip.Write(new byte[1 << 20]);
        }
        return random.Next(4) == 0 ? Of(written.ToArray()) : written.ToArray();
    }

    private byte[] Once(byte[] file)
    {
        if (file.Length == 0)
            return [(byte)random.Next(256)];
        var (copy, at) = ((byte[])file.Clone(), random.Next(file.Length));
        switch (random.Next(9))
        {
            case 0: copy[at] = (byte)random.Next(256); return copy;
            case 1: copy[at] ^= (byte)(1 << random.Next(8)); return copy;
            case 2: return copy[..at];
            case 3: return [.. copy[..at], .. copy[Math.Min(at + random.Next(1, 9), copy.Length)..]];
            case 4: return [.. copy[..at], .. Enumerable.Repeat(copy[at], random.Next(1, 5000)), .. copy[at..]];
            case 5:
                var length = BitConverter.GetBytes(Lengths[random.Next(Lengths.Length)])[..(1 << random.Next(4))];
                length.AsSpan(0, Math.Min(length.Length, copy.Length - at)).CopyTo(copy.AsSpan(at));
                return copy;
            case 6: return NumberAsText(copy, at);
            case 7:
                var other = random.Next(file.Length);
                return [.. copy[..at], .. copy[other..Math.Min(other + 64, copy.Length)], .. copy[at..]];
            default: // a number of seven bits a byte, far too large
                return [.. copy[..at], .. Enumerable.Repeat((byte)0xFF, random.Next(1, 10)), (byte)random.Next(128), .. copy[(at + 1)..]];
        }
    }

    /// <summary>Puts another text where the next number stands as one.</summary>
    private byte[] NumberAsText(byte[] file, int at)
    {
        while (at < file.Length && !char.IsAsciiDigit((char)file[at]))
            at++;
        var end = at;
        while (end < file.Length && char.IsAsciiDigit((char)file[end]))
            end++;
        return [.. file[..at], .. Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]), .. file[end..]];
    }
}
