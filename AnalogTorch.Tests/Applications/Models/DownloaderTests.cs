using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using AnalogTorch.Models.Data;

namespace AnalogTorch.Tests.Models;

public sealed class DownloaderTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 50_000)));
    private static readonly Uri[] Mirrors = [new("https://one.example/file"), new("https://two.example/file")];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task FetchesWithProgress()
    {
        var reports = new List<DownloadProgress>();
        var path = await Fetch(_ => Answer(Content), Plain(), new Collector(reports));

        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
        Assert.Equal(["file"], folder.Files());
        Assert.Equal(new DownloadProgress("file", Content.Length, Content.Length), reports[^1]);
        Assert.True(reports.Zip(reports.Skip(1)).All(pair => pair.First.Bytes < pair.Second.Bytes));
    }

    [Fact]
    public async Task ChecksumOfGzipIsThatOfItsContent()
    {
        foreach (var level in new[] { CompressionLevel.Fastest, CompressionLevel.SmallestSize })
        {
            await Fetch(_ => Answer(Pack(Content, level)), Plain() with { Name = $"{level}.gz" });
        }
        Assert.Equal(["Fastest.gz", "SmallestSize.gz"], folder.Files());
    }

    [Fact]
    public async Task FailingMirrorsAreTriedInTurn()
    {
        var hosts = new List<string>();
        await Fetch(request =>
        {
            hosts.Add(request.RequestUri!.Host);
            return hosts.Count switch
            {
                1 => new(HttpStatusCode.ServiceUnavailable),
                2 => throw new HttpRequestException("no route"),
                3 => Answer(Content[..100]),
                _ => Answer(Content),
            };
        }, Plain());
        Assert.Equal(["one.example", "two.example", "one.example", "two.example"], hosts);
        Assert.Equal(["file"], folder.Files());
    }

    [Fact]
    public async Task WrongContentIsRefusedAndNotKept()
    {
        var requests = 0;
        var error = await Assert.ThrowsAsync<IOException>(() => Fetch(_ =>
        {
            requests++;
            return Answer("wrong"u8.ToArray());
        }, Plain()));
        Assert.Equal(6, requests);
        Assert.Contains("SHA-256", error.Message);
        Assert.Contains("two.example", error.Message);
        Assert.EndsWith(".", error.Message);
        Assert.Empty(folder.Files());
    }

    [Fact]
    public async Task CancellingLeavesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var progress = new Collector([], report => cancel.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetch(_ => Answer(Content), Plain(), progress, cancel.Token));
        Assert.Empty(folder.Files());
    }

    [Fact]
    public async Task CancellingLeavesTheOldFileAsItWas()
    {
        await File.WriteAllTextAsync(folder.At("file"), "old");
        using var cancel = new CancellationTokenSource();
        var progress = new Collector([], report => cancel.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetch(_ => Answer(Content), Plain(), progress, cancel.Token));
        Assert.Equal(["file"], folder.Files());
        Assert.Equal("old", await File.ReadAllTextAsync(folder.At("file")));
    }

    [Fact]
    public async Task SoundFileIsNotFetchedAgain()
    {
        await File.WriteAllBytesAsync(folder.At("file"), Content);
        await Fetch(_ => throw new InvalidOperationException("fetched"), Plain());
    }

    [Fact]
    public async Task DamagedFileIsReplaced()
    {
        await File.WriteAllBytesAsync(folder.At("file.gz"), Content[..100]);
        await Fetch(_ => Answer(Pack(Content, CompressionLevel.Fastest)), Plain() with { Name = "file.gz" });
        Assert.Equal(["file.gz"], folder.Files());
        Assert.True(new FileInfo(folder.At("file.gz")).Length > 100);
    }

    [Fact]
    public async Task UnwritableFolderIsNoMirrorsFault()
    {
        await File.WriteAllTextAsync(folder.At("blocked"), "a file where the folder should be");
        var requests = 0;
        using var downloader = new Downloader(new Handler(_ =>
        {
            requests++;
            return Answer(Content);
        }), TimeSpan.Zero);
        var error = await Assert.ThrowsAnyAsync<IOException>(() => downloader.FetchAsync(Plain(), folder.At("blocked")));
        Assert.Contains("cannot be written", error.Message);
        Assert.Equal(0, requests);
    }

    [Fact]
    public void MnistMirrorsAreGivenForAllFiles()
    {
        Assert.Equal(4, Mnist.Files.Count);
        Assert.All(Mnist.Files, file =>
        {
            Assert.True(file.Mirrors.Count >= 2);
            Assert.All(file.Mirrors, mirror => Assert.EndsWith(file.Name, mirror.AbsolutePath));
            Assert.Equal(64, file.Sha256.Length);
        });
    }

    private static Download Plain() => new("file", Convert.ToHexStringLower(SHA256.HashData(Content)), Mirrors);

    private static HttpResponseMessage Answer(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private static byte[] Pack(byte[] content, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, level))
        {
            gzip.Write(content);
        }
        return packed.ToArray();
    }

    private async Task<string> Fetch(
        Func<HttpRequestMessage, HttpResponseMessage> answer, Download file, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default)
    {
        using var downloader = new Downloader(new Handler(answer), TimeSpan.Zero);
        return await downloader.FetchAsync(file, folder.Path, progress, cancel);
    }

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }

    private sealed class Collector(List<DownloadProgress> reports, Action<DownloadProgress>? then = null) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            reports.Add(value);
            then?.Invoke(value);
        }
    }
}
