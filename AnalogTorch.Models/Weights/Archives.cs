using System.IO.Compression;
using AnalogTorch.Checkpoints;

namespace AnalogTorch.Models.Weights;

/// <summary>Zip archives whose list of files is in proportion to what they hold.</summary>
internal static class Archives
{
    private const long SmallDirectory = 1 << 16;

    /// <summary>Opens an archive.</summary>
    public static ZipArchive Open(Stream stream, bool leaveOpen = false)
    {
        // A file in an archive takes at least as much for its own header as the list takes for it.
        var directory = ZipDirectory.Length(stream);
        if (directory < 0)
            throw new FileFault("its archive has no list of files at its end");
        if (directory > Math.Max(SmallDirectory, stream.Length / 2))
            throw new FileFault("its archive is a list of files without the files");
        var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen);
        try
        {
            Elements.CheckCount(archive.Entries.Count);
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
