using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace AnalogTorch.Core;

/// <summary>Owns the tensors and counters that a piece of hardware holds right now, and saves them with the model.</summary>
/// <remarks>
/// Tensors added here leave the caller's dispose scope. They are buffers of a torch module, so that <c>state_dict</c>,
/// <c>save</c> and <c>load</c> carry them; counters are one int64 buffer in host memory.
/// </remarks>
public sealed class TensorStore : nn.Module
{
    private readonly Dictionary<string, Tensor> tensors = [];
    private readonly string[] counterNames;
    private readonly Tensor counters;

    /// <summary>Raised before a <c>state_dict</c> hands the model's tensors out, to be saved or loaded into.</summary>
    public event Action? Exposing;

    /// <summary>Raised when the store is disposed with the model that it belongs to.</summary>
    public event Action? Disposing;

    /// <summary>A store with the given counters, all zero, and no tensors.</summary>
    public TensorStore(params string[] counterNames) : this(persistent: true, counterNames)
    {
    }

    /// <summary>The same, where <paramref name="persistent"/> says whether <c>state_dict</c> holds the counters.</summary>
    public TensorStore(bool persistent, params string[] counterNames) : base(nameof(TensorStore))
    {
        this.counterNames = counterNames;
        counters = zeros(counterNames.Length, ScalarType.Int64).DetachFromDisposeScope();
        register_buffer(nameof(counters), counters, persistent);
    }

    /// <summary>The names of the tensors, in the order in which they were added.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>A tensor by name.</summary>
    public Tensor this[string name] => tensors[name];

    /// <summary>Takes ownership of a tensor.</summary>
    public Tensor Add(string name, Tensor tensor)
    {
        tensor = tensor.detach().DetachFromDisposeScope();
        tensors.Add(name, tensor);
        register_buffer(name, tensor);
        return tensor;
    }

    /// <summary>A counter's place in memory.</summary>
    public ref long Counter(string name)
    {
        var index = Array.IndexOf(counterNames, name);
        ArgumentOutOfRangeException.ThrowIfNegative(index, name);
        return ref MemoryMarshal.Cast<byte, long>(counters.bytes)[index];
    }

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
    {
        Exposing?.Invoke();
        return base.state_dict(destination, prefix);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_persistent = true)
    {
        Exposing?.Invoke(); // torch's containers collect a state_dict so
        return base.named_buffers(recurse, include_persistent);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            var listeners = Disposing;
            Disposing = null;
            listeners?.Invoke();
            counters.Dispose();
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>Brings all tensors to a torch device; the counters stay in host memory.</summary>
    public void MoveTo(Device device)
    {
        foreach (var (name, tensor) in tensors.ToArray())
        {
            if (tensor.device.type == device.type && tensor.device.index == device.index)
                continue;
            var moved = tensor.to(device).DetachFromDisposeScope();
            tensors[name] = moved;
            ConditionallyRegisterBuffer(name, moved);
            tensor.Dispose();
        }
    }
}
