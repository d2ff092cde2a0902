using System.IO.Compression;

namespace AnalogTorch.Models.Data;

/// <summary>A file as it is, or what is in it if it is a gzip file.</summary>
internal static class PackedFile
{
    /// <summary>The bytes of a file; one whose name ends in <c>.gz</c> is unpacked.</summary>
    /// <exception cref="InvalidDataException">It is not a sound gzip file.</exception>
    public static byte[] Read(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            return File.ReadAllBytes(path);
        }
        try
        {
            using var file = File.OpenRead(path);
            using var gzip = new GZipStream(file, CompressionMode.Decompress);
            using var content = new MemoryStream();
            gzip.CopyTo(content);
            return content.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' is not a sound gzip file ({FirstSentence.Of(e)}): replace it with a fresh copy.", e);
        }
    }
}
