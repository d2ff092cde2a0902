using System.IO.Compression;
using AnalogTorch.Checkpoints;

namespace AnalogTorch.Models.Data;

/// <summary>A file as it is, or what is in it if it is a gzip file.</summary>
internal static class PackedFile
{
    /// <summary>How many times its length a file unpacks to at most; MNIST, mostly black, unpacks to five times.</summary>
    private const long MostFolds = 16;

    private const long Slack = 16 << 20;

    /// <summary>The bytes of a file; one whose name ends in <c>.gz</c> is unpacked.</summary>
    /// <exception cref="InvalidDataException">It is not a sound gzip file, or no data set unpacks to so much.</exception>
    public static byte[] Read(string path)
    {
        using var file = WholeFile.OpenRead(path);
        if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            if (file.Length > Array.MaxLength)
                throw new InvalidDataException($"'{path}' is {file.Length} bytes long, more than any data set that is read here: replace it with the right one.");
            var content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        }
        try
        {
            return Unpacked(file, path);
        }
        catch (InvalidDataException e) when (!e.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is not a sound gzip file: replace it with a fresh copy.", e);
        }
    }

    private static byte[] Unpacked(FileStream file, string path)
    {
        var most = Math.Min(MostFolds * file.Length + Slack, Array.MaxLength);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        var parts = new List<byte[]>();
        var total = 0L;
        while (true)
        {
            var part = new byte[1 << 18];
            var count = gzip.ReadAtLeast(part, part.Length, throwOnEndOfStream: false);
            total += count;
            if (total > most)
                throw new InvalidDataException($"'{path}' unpacks to more than {most} bytes, which no data set of its {file.Length} bytes does: replace it with a fresh copy.");
            parts.Add(count == part.Length ? part : part[..count]);
            if (count < part.Length)
                break;
        }
        var content = new byte[total];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(content, at);
            at += part.Length;
        }
        return content;
    }
}
