namespace AnalogTorch.Models.Data;

/// <summary>A file to fetch.</summary>
/// <param name="Name">Its name in the folder; with <c>.gz</c> it is a gzip file.</param>
/// <param name="Sha256">SHA-256 of its content, in hexadecimal; of the unpacked content for a gzip file, which may be packed in many ways. Its first
/// digits suffice, eight or more, as PyTorch puts them into names of files.</param>
/// <param name="Mirrors">Where to fetch it, best first.</param>
public sealed record Download(string Name, string Sha256, IReadOnlyList<Uri> Mirrors);

/// <summary>How far a download is.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="Total">Bytes in all, where the server says so.</param>
public readonly record struct DownloadProgress(string Name, long Bytes, long? Total);
