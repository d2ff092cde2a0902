using System.Collections;
using System.Runtime.InteropServices;

namespace AnalogTorch.Checkpoints;

/// <summary>What a training program remembers beside model and optimizer, by names of its own: epochs done, the best loss, the place in a shuffled set.</summary>
/// <remarks>
/// A checkpoint keeps it bit for bit, and <c>Checkpoint.Load</c> gives it back. A scheduler of learning rates tells nobody its state, so keep the number
/// of its steps, and bring a fresh one there with <see cref="SchedulerReplay"/>. A <c>torch.Generator</c> of your own is kept by the bytes of its <c>get_state</c>.
/// </remarks>
public sealed class TrainingState : IEnumerable<KeyValuePair<string, object>>
{
    private readonly SortedDictionary<string, object> values = new(StringComparer.Ordinal);

    /// <summary>The names.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>Adds a whole number.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, long value) => Put(name, value);

    /// <summary>Adds a number, which may be infinite or NaN.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, double value) => Put(name, value);

    /// <summary>Adds a text.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Put(name, value);
    }

    /// <summary>Adds a series of numbers, such as the losses so far; it is copied.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, IEnumerable<double> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Put(name, value.ToArray());
    }

    /// <summary>Adds bytes, such as the state of a generator; they are copied.</summary>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Put(name, value.ToArray());
    }

    /// <summary>A whole number.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public long GetInt64(string name) => Get<long>(name, "whole number");

    /// <summary>A number.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public double GetDouble(string name) => Get<double>(name, "number");

    /// <summary>A text.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public string GetString(string name) => Get<string>(name, "text");

    /// <summary>A series of numbers.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public double[] GetDoubles(string name) => [.. Get<double[]>(name, "series of numbers")];

    /// <summary>Bytes.</summary>
    /// <exception cref="KeyNotFoundException">There are none of this name.</exception>
    public byte[] GetBytes(string name) => [.. Get<byte[]>(name, "bytes")];

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Write(Stream output)
    {
        using var writer = new StateWriter(output);
        writer.Write((long)values.Count);
        foreach (var (name, value) in values)
        {
            writer.Write(name);
            writer.Write(value.GetType().Name);
            switch (value)
            {
                case long whole: writer.Write(whole); break;
                case double real: writer.Write(real); break;
                case string text: writer.Write(text); break;
                case double[] series: writer.Write(MemoryMarshal.AsBytes(series.AsSpan())); break;
                case byte[] bytes: writer.Write(bytes); break;
            }
        }
        writer.End();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static TrainingState Read(Stream input)
    {
        input.Position = 0;
        if (!StateReader.SkipObject(input, _ => false) || input.Position != input.Length)
            throw Damaged();
        input.Position = 0;
        using var reader = new StateReader(input);
        try
        {
            var state = new TrainingState();
            for (var count = reader.ReadInt64(); count > 0; count--)
            {
                var (name, type) = (reader.ReadString(), reader.ReadString());
                state.Put(name, type switch
                {
                    nameof(Int64) => reader.ReadInt64(),
                    nameof(Double) => reader.ReadDouble(),
                    nameof(String) => reader.ReadString(),
                    "Double[]" => MemoryMarshal.Cast<byte, double>(reader.ReadBytes()).ToArray(),
                    "Byte[]" => reader.ReadBytes(),
                    _ => throw Damaged(),
                });
            }
            reader.End();
            return state;
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
        {
            throw Damaged();
        }
    }

    private static CheckpointFault Damaged() => new("is damaged: what it holds of the training program cannot be read");

    private void Put(string name, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!values.TryAdd(name, value))
            throw new ArgumentException($"TrainingState.Add: the name '{name}' is taken; give each value a name of its own.");
    }

    private T Get<T>(string name, string what) =>
        values.GetValueOrDefault(name) is T value
            ? value
            : throw new KeyNotFoundException($"TrainingState: there is no {what} '{name}'; it holds {(values.Count == 0 ? "nothing" : string.Join(", ", values.Keys))}.");
}
