namespace AnalogTorch.Models.MlNet;

/// <summary>What is written to streams, in memory.</summary>
internal static class Streams
{
    /// <summary>What a method writes.</summary>
    public static byte[] Bytes(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }
}
