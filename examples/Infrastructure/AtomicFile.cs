namespace AnalogTorch.Examples;

/// <summary>Files that are there whole or not at all: written beside their place, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Writes text in UTF-8.</summary>
    /// <exception cref="IOException">The file cannot be written; the one that was there before still is.</exception>
    public static void Write(string path, string text)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw new IOException(
                $"'{path}' cannot be written ({Reason(e)}): free space there, or choose another folder with --out.", e);
        }
    }

    /// <summary>Makes a folder and proves that it can be written to.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public static void Probe(string folder)
    {
        var probe = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(probe);
            throw new IOException(
                $"Output folder '{folder}' cannot be written to ({Reason(e)}): choose another with --out.", e);
        }
    }

    // The system's own words, without the temporary name that it adds in quotes.
    private static string Reason(Exception e) => e.Message.Split(" : '", 2)[0].TrimEnd('.');

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure to write is what the user needs to hear of.
        }
    }
}
