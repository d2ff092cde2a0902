using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>A format of weight files; a new one is one new file.</summary>
internal abstract class WeightFormat
{
    /// <summary>All formats; those that are recognised by content alone come first.</summary>
    public static IReadOnlyList<WeightFormat> All { get; } =
    [
        .. typeof(WeightFormat).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(WeightFormat)) && !type.IsAbstract)
            .Select(type => (WeightFormat)Activator.CreateInstance(type)!).OrderBy(format => format.Order).ThenBy(format => format.Name, StringComparer.Ordinal),
    ];

    /// <summary>Its name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Place among the formats that might recognise a file: the surest first.</summary>
    public virtual int Order => 0;

    /// <summary>File name extensions under which it is written; none if it is only read.</summary>
    public virtual IReadOnlyList<string> WrittenAs => [];

    /// <summary>Whether a file is of this format.</summary>
    public abstract bool Recognizes(Stream stream, string path);

    /// <summary>Opens a file and takes charge of its stream.</summary>
    public abstract IWeightContent Open(Stream stream, string path);

    /// <summary>Writes tensors.</summary>
    public virtual void Write(Stream stream, IReadOnlyList<(string Name, Tensor Values)> tensors) => throw new NotSupportedException($"{Name} files are only read.");

    /// <summary>Whether a file begins with these bytes.</summary>
    protected static bool BeginsWith(Stream stream, params ReadOnlySpan<byte> start)
    {
        Span<byte> buffer = stackalloc byte[start.Length];
        return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length && buffer.SequenceEqual(start);
    }
}
