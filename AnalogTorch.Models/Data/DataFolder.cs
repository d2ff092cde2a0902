namespace AnalogTorch.Models.Data;

/// <summary>A folder of data sets: below it <c>mnist/</c>, <c>cifar-10/</c>, <c>text/</c>, <c>weights/</c>, as many as are needed.</summary>
public sealed class DataFolder
{
    private DataFolder(string path) => Path = path;

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The folder's own name, for reports.</summary>
    public string Name => new DirectoryInfo(Path).Name;

    /// <summary>An existing folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none of that name.</exception>
    public static DataFolder Open(string path)
    {
        var full = Full(path);
        return Directory.Exists(full)
            ? new(full)
            : throw new DirectoryNotFoundException(
                File.Exists(full)
                    ? $"Data folder '{path}' is a file: name the folder that holds mnist/, cifar-10/, text/ or weights/."
                    : $"Data folder '{path}' does not exist: name the folder that holds mnist/, cifar-10/, text/ or weights/.");
    }

    /// <summary>A folder that is made where there is none, to download into.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static DataFolder Create(string path)
    {
        var full = Full(path);
        try
        {
            return new(Directory.CreateDirectory(full).FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Data folder '{path}' cannot be made ({FirstSentence.Of(e)}): choose a folder that you can write to.", e);
        }
    }

    /// <summary>The path of a file below the folder, which must exist, plain or with <c>.gz</c> added.</summary>
    /// <param name="part">The data set's folder, such as <c>mnist</c>.</param>
    /// <param name="file">The file's name without <c>.gz</c>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public string Find(string part, string file)
    {
        var plain = System.IO.Path.Combine(Path, part, file);
        var packed = plain + ".gz";
        return File.Exists(plain) ? plain
            : File.Exists(packed) ? packed
            : throw new FileNotFoundException(
                $"Data folder '{Path}' must hold {part}/{file} or {part}/{file}.gz, but holds neither: put the file there, or download it.", packed);
    }

    private static string Full(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return System.IO.Path.GetFullPath(path);
    }
}
