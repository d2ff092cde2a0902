using System.Globalization;

namespace AnalogTorch.Checkpoints;

/// <summary>Files that are there whole or not at all: written beside their final name, and renamed.</summary>
/// <remarks>
/// A link is followed, so that the file it points to is replaced and the link stays. What a killed process left beside the file is cleared away by the
/// next one that writes it: names of the form <c>name.process-number.tmp</c>, none of which is locked or belongs to a process that still runs.
/// </remarks>
public static class WholeFile
{
    private const string Ending = ".tmp";
    private static readonly object[] Locks = [.. Enumerable.Range(0, 64).Select(_ => new object())];
    private static long files;

    /// <summary>Writes a file in a single step; calls for one path wait for each other.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="write">Writes its content.</param>
    /// <exception cref="IOException">The path is no place for a file, or cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var target = Target(path);
        lock (Locks[(uint)string.GetHashCode(target, StringComparison.Ordinal) % Locks.Length])
        {
            if (FileKind.OtherThanFile(target) is { } kind)
                throw new IOException($"it is {kind}, and no file");
            var (stream, temporary) = Begin(target);
            try
            {
                Fill(stream, write);
                if (!OperatingSystem.IsWindows() && File.Exists(target))
                    File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
                File.Move(temporary, target, overwrite: true);
            }
            finally
            {
                File.Delete(temporary);
            }
            ClearAway(target);
        }
    }

    /// <summary>Opens a file to read, and nothing that a read could wait for or never come to the end of.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <exception cref="InvalidDataException">The path is a folder, a device, a pipe or a socket, or cannot be read.</exception>
    public static FileStream OpenRead(string path)
    {
        if (FileKind.OtherThanFile(path) is { } kind)
            throw new InvalidDataException($"{path} is {kind}, and no file; name the file itself.");
        try
        {
            return new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException and not FileNotFoundException)
        {
            throw new InvalidDataException($"{path} cannot be read ({Reason(exception)}); give yourself the right to read it.", exception);
        }
    }

    /// <summary>Why a file could not be written or read, to stand in brackets in a sentence.</summary>
    public static string Reason(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            DirectoryNotFoundException => "there is no such folder",
            UnauthorizedAccessException => "permission is denied",
            _ => exception.Message.ReplaceLineEndings("\n").Split('\n')[0].TrimEnd('.'),
        };
    }

    private static void Fill(FileStream stream, Action<Stream> write)
    {
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
        }
        catch (ArgumentOutOfRangeException exception) when (exception.StackTrace?.Contains("System.IO.RandomAccess", StringComparison.Ordinal) == true)
        {
            throw new IOException("it would be larger than files may be here", exception); // which .NET takes for a wrong argument
        }
    }

    private static string Target(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (FileNotFoundException)
        {
            return full; // nothing is there yet
        }
    }

    /// <summary>A new file beside the target, locked while it is written.</summary>
    private static (FileStream Stream, string Path) Begin(string target)
    {
        while (true)
        {
            var temporary = string.Create(CultureInfo.InvariantCulture, $"{target}.{Environment.ProcessId}-{Interlocked.Increment(ref files)}{Ending}");
            if (!File.Exists(temporary)) // such as one of a process that had this number before
                return (new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None), temporary);
        }
    }

    /// <summary>Deletes what killed processes left beside a file; what cannot be deleted stays.</summary>
    private static void ClearAway(string target)
    {
        var beginning = $"{Path.GetFileName(target)}.";
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(target)!, $"*{Ending}").ToArray())
            {
                var name = Path.GetFileName(file);
                if (name.StartsWith(beginning, StringComparison.Ordinal) && name.Length > beginning.Length + Ending.Length && IsLeftOver(file, name[beginning.Length..^Ending.Length]))
                    File.Delete(file);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The file itself is written; what is left beside it harms nobody.
        }
    }

    private static bool IsLeftOver(string file, string numbers)
    {
        if (numbers.Split('-') is not [var process, var number] || !IsNumber(process, out var id) || !IsNumber(number, out _) || IsRunning(id, file))
            return false;
        try
        {
            using var alone = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None); // its writer would hold a lock
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>Whether the process that wrote a file is there; one that took over its number later is another one.</summary>
    private static bool IsRunning(long id, string file)
    {
        if (id == Environment.ProcessId)
        {
            using var own = System.Diagnostics.Process.GetCurrentProcess();
            return File.GetLastWriteTime(file) >= own.StartTime;
        }
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(checked((int)id));
            return File.GetLastWriteTime(file) >= process.StartTime;
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException or InvalidOperationException)
        {
            return false; // there is none
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return true; // there is one that tells nothing about itself
        }
    }
}
