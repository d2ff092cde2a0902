using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;

namespace AnalogTorch.Models.Data;

/// <summary>Fetches files from mirrors: checks what arrives, tries again elsewhere, and never leaves half a file behind.</summary>
public sealed class Downloader : IDisposable
{
    private const int Rounds = 3;
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(30);

    private readonly HttpClient client;
    private readonly TimeSpan firstPause;

    /// <summary>A downloader over the network.</summary>
    public Downloader()
        : this(new HttpClientHandler(), TimeSpan.FromSeconds(1))
    {
    }

    /// <summary>A downloader over a handler of the caller's choice.</summary>
    /// <param name="handler">Answers the requests; disposed of with the downloader.</param>
    /// <param name="firstPause">How long to wait after all mirrors have failed once; doubled each time.</param>
    public Downloader(HttpMessageHandler handler, TimeSpan firstPause)
    {
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        this.firstPause = firstPause;
    }

    /// <summary>Fetches a file into a folder, unless it is there and sound, and returns its path.</summary>
    /// <exception cref="IOException">No mirror delivered it, or it cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was raised; nothing is left behind.</exception>
    public async Task<string> FetchAsync(
        Download file, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        var target = Path.Combine(folder, file.Name);
        if (File.Exists(target) && await IsSoundAsync(target, file, cancel).ConfigureAwait(false))
        {
            return target;
        }
        var temporary = $"{target}.{Guid.NewGuid():N}.part";
        try
        {
            await FetchFromAnyAsync(file, temporary, progress, cancel).ConfigureAwait(false);
            Write(target, () => File.Move(temporary, target, overwrite: true));
            return target;
        }
        finally
        {
            Discard(temporary);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task FetchFromAnyAsync(Download file, string temporary, IProgress<DownloadProgress>? progress, CancellationToken cancel)
    {
        Write(temporary, () => Directory.CreateDirectory(Path.GetDirectoryName(temporary)!));
        var last = "there is no mirror";
        for (var round = 0; round < Rounds; round++)
        {
            if (round > 0)
            {
                await Task.Delay(firstPause * (1 << (round - 1)), cancel).ConfigureAwait(false);
            }
            foreach (var mirror in file.Mirrors)
            {
                try
                {
                    await FetchFromAsync(mirror, file, temporary, progress, cancel).ConfigureAwait(false);
                    return;
                }
                catch (Exception e) when (e is HttpRequestException or InvalidDataException or TimeoutException or IOException and not UnwritableException)
                {
                    cancel.ThrowIfCancellationRequested();
                    last = $"{mirror.Host}: {FirstSentence.Of(e)}";
                }
            }
        }
        throw new IOException(
            $"{file.Name} could not be fetched from any of {file.Mirrors.Count} mirrors in {Rounds} rounds (last, {last}): "
            + $"check the network, or put the file into '{Path.GetDirectoryName(temporary)}' yourself.");
    }

    private async Task FetchFromAsync(
        Uri mirror, Download file, string temporary, IProgress<DownloadProgress>? progress, CancellationToken cancel)
    {
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            watch.CancelAfter(Stalled);
            using var response = await client.GetAsync(mirror, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new HttpRequestException($"the server answered {(int)response.StatusCode} {response.ReasonPhrase}");
            }
            var total = response.Content.Headers.ContentLength;
            using var body = await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
            using var output = Write(temporary, () => new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0));
            var buffer = new byte[1 << 16];
            var bytes = 0L;
            while (true)
            {
                watch.CancelAfter(Stalled);
                var count = await body.ReadAsync(buffer, watch.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }
                Write(temporary, () => output.Write(buffer, 0, count));
                bytes += count;
                progress?.Report(new(file.Name, bytes, total));
            }
            Write(temporary, () => output.Flush(flushToDisk: true));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing arrived for {Stalled.TotalSeconds:F0} s");
        }
        var found = await Sha256Async(temporary, file.Name, cancel).ConfigureAwait(false);
        if (!Matches(found, file))
        {
            throw new InvalidDataException($"the content has SHA-256 {found}, but must have {file.Sha256}");
        }
    }

    private static async Task<bool> IsSoundAsync(string path, Download file, CancellationToken cancel)
    {
        try
        {
            return Matches(await Sha256Async(path, file.Name, cancel).ConfigureAwait(false), file);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static bool Matches(string found, Download file) => file.Sha256.Length >= 8 && found.StartsWith(file.Sha256, StringComparison.OrdinalIgnoreCase);

    private static async Task<string> Sha256Async(string path, string name, CancellationToken cancel)
    {
        using var stream = File.OpenRead(path);
        using Stream content = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(stream, CompressionMode.Decompress)
            : stream;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel).ConfigureAwait(false));
    }

    private static void Write(string path, Action action) => Write(path, () =>
    {
        action();
        return true;
    });

    // A full disk or a folder without permission is no mirror's fault: no other one is tried.
    private static T Write<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnwritableException(
                $"'{Path.GetDirectoryName(path)}' cannot be written ({FirstSentence.Of(e)}): free space there, or choose a folder that you can write to.", e);
        }
    }

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was never made, or the failure that led here says why it cannot be reached.
        }
    }

    private sealed class UnwritableException(string message, Exception inner) : IOException(message, inner);
}
